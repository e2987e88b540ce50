using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PulseMeet.E2E;
using PulseMeet.E2E.Hosting;

namespace DependencyInjection;

/// <summary>An app on a generic host, with any number of accounts: a client, a file and a reading loop each.</summary>
internal static class ChatHost
{
    /// <param name="accounts">The accounts.</param>
    /// <param name="relay">The server.</param>
    /// <param name="settings">What operators set: environment variables of a real app.</param>
    /// <param name="configure">Changes what operators have no name for.</param>
    /// <exception cref="ConfigurationException">A setting that the library knows has a value that it cannot have.</exception>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public static IHost Create(
        IEnumerable<Account> accounts,
        RelayServer relay,
        Dictionary<string, string?>? settings = null,
        Action<PulseMeetE2EOptions>? configure = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new() { ApplicationName = "chat" });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.Logging.AddConsole().SetMinimumLevel(LogLevel.Critical);
        foreach (Account account in accounts)
        {
            builder.Services
                .AddPulseMeetE2EAccount(account.Name, builder.Configuration, options =>
                {
                    options.Device = account.Device;
                    configure?.Invoke(options);
                })
                .UseSqliteStore(account.File, account.MasterKeys)
                .UseHttpRelay(relay.Address, _ => ValueTask.FromResult<string?>(relay.Login(account.Device)));
            builder.Services.AddSingleton<IHostedService>(provider => new EventReader(
                provider.GetRequiredKeyedService<E2EClient>(account.Name), account.Database));
        }

        return builder.Build();
    }
}
