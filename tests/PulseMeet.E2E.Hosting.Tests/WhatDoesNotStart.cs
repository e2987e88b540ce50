using FsCheck.Xunit;
using Microsoft.Extensions.Configuration;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>A configuration that is wrong, or weaker than it looks, stops the start with the variable's name.</summary>
public sealed class WhatDoesNotStart
{
    [Theory]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "0")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "366")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "-1")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "99999999999999999999")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "30d")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "7.5")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", " 7")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "٧")]
    [InlineData("KEY_ROTATION_INTERVAL_DAYS", "")]
    [InlineData("MIGRATION_BATCH_SIZE", "0")]
    [InlineData("MIGRATION_BATCH_SIZE", "10001")]
    [InlineData("MIGRATION_BATCH_SIZE", "many")]
    [InlineData("MIGRATION_TIMEOUT_SECONDS", "0")]
    [InlineData("MIGRATION_TIMEOUT_SECONDS", "86401")]
    [InlineData("MIGRATION_TIMEOUT_SECONDS", "5m")]
    [InlineData("HKDF_SALT", "")]
    [InlineData("ENABLE_SECURE_KEY_EXCHANGE", "yes")]
    [InlineData("ENABLE_KEY_ROTATION", "on")]
    [InlineData("ENABLE_PERFECT_FORWARD_SECRECY", "2")]
    [InlineData("ENABLE_MIGRATION_MODE", "")]
    public void A_value_out_of_range_or_of_another_form_is_refused_by_name(string name, string value)
    {
        ConfigurationException refused = Settings.Refused((name, value));
        Assert.Equal(name, refused.Variable);
        Assert.StartsWith(name + ": ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_salt_of_255_bytes_starts_and_one_of_256_does_not()
    {
        using (Settings.Services(("HKDF_SALT", new string('x', 255))))
        {
            Assert.Equal("HKDF_SALT", Settings.Refused(("HKDF_SALT", new string('x', 256))).Variable);
            Assert.Equal("HKDF_SALT", Settings.Refused(("HKDF_SALT", new string('ü', 128))).Variable);
            Assert.Equal("HKDF_SALT", Settings.Refused(("HKDF_SALT", "\uD800")).Variable);
        }
    }

    [Fact]
    public void A_refusal_tells_no_value() => Assert.DoesNotContain(
        "hunter2", Settings.Refused(("MIGRATION_BATCH_SIZE", "hunter2")).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("HKDF_SALTS", "HKDF_SALT")]
    [InlineData("HKDF-SALT", "HKDF_SALT")]
    [InlineData("KEY_ROTATION_INTERVAL_DAY", "KEY_ROTATION_INTERVAL_DAYS")]
    [InlineData("ENABLE_PERFECT_FOWARD_SECRECY", "ENABLE_PERFECT_FORWARD_SECRECY")]
    [InlineData("MIGRATION_BATCHSIZE", "MIGRATION_BATCH_SIZE")]
    public void A_misspelt_name_is_refused_with_the_one_that_was_meant(string name, string meant)
    {
        ConfigurationException refused = Settings.Refused((name, "1"));
        Assert.Equal(name, refused.Variable);
        Assert.Contains(meant, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Beside_other_settings_theirs_are_left_alone_and_in_a_section_every_name_has_to_be_known()
    {
        E2EConfiguration.Read(Settings.Of(("PATH", "/bin"), ("MIGRATION_DATABASE", "x"), ("SALT", "y")));
        IConfiguration section = Settings.Of(("E2E:COLOUR", "red")).GetSection("E2E");
        Assert.Equal("COLOUR", Assert.Throws<ConfigurationException>(() => E2EConfiguration.Read(section)).Variable);
    }

    [Theory]
    [InlineData("ENABLE_SECURE_KEY_EXCHANGE")]
    [InlineData("ENABLE_PERFECT_FORWARD_SECRECY")]
    [InlineData("ENABLE_KEY_ROTATION")]
    public void A_protection_that_is_off_outside_migration_mode_is_refused_with_the_reason(string name)
    {
        ConfigurationException refused = Settings.Refused((name, "false"));
        Assert.Equal(name, refused.Variable);
        Assert.Contains("ENABLE_MIGRATION_MODE", refused.Message, StringComparison.Ordinal);
        Assert.Equal(name, Settings.Refused((name, "false"), ("ENABLE_MIGRATION_MODE", "false")).Variable);
        Settings.Services((name, "false"), ("ENABLE_MIGRATION_MODE", "true")).Dispose();
    }

    [Fact]
    public void An_interval_beside_rotation_that_is_off_is_refused() => Assert.Equal(
        "KEY_ROTATION_INTERVAL_DAYS",
        Settings.Refused(("ENABLE_KEY_ROTATION", "false"), ("ENABLE_MIGRATION_MODE", "true"), ("KEY_ROTATION_INTERVAL_DAYS", "30")).Variable);

    [Property(MaxTest = 300)]
    public bool Any_value_starts_or_is_refused_by_name(string? value) => ConfigurationNames.All.All(name =>
    {
        try
        {
            (string, string)[] others = name == ConfigurationNames.EnableMigrationMode ? [] : [(ConfigurationNames.EnableMigrationMode, "true")];
            Settings.Services([(name, value ?? ""), .. others]).Dispose();
            return true;
        }
        catch (ConfigurationException refused)
        {
            return refused.Variable == name;
        }
    });
}
