using Monitoring;

await MonitoringHost.Create(args).RunAsync();
