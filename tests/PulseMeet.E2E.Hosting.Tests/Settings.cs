using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Hosting;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>Configurations of a few lines.</summary>
internal static class Settings
{
    public static IConfiguration Of(params (string Name, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Name, (string?)value.Value)))
        .Build();

    public static ServiceProvider Services(params (string Name, string Value)[] values) =>
        new ServiceCollection().AddPulseMeetE2E(Of(values)).BuildServiceProvider();

    public static ConfigurationException Refused(params (string Name, string Value)[] values) =>
        Assert.Throws<ConfigurationException>(() => new ServiceCollection().AddPulseMeetE2E(Of(values)));
}
