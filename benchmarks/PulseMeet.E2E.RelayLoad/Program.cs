using System.Globalization;
using PulseMeet.E2E.RelayLoad;

// eng/relay-load.sh runs this: «run» starts relays and clients, kills and crashes, and counts; «worker» is some of the clients.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var options = LoadOptions.Parse(args.Skip(1));
return args is ["worker", ..] ? await new Worker(options).RunAsync()
    : args is ["run", ..] ? await new Coordinator(options).RunAsync()
    : throw new ArgumentException("run or worker");
