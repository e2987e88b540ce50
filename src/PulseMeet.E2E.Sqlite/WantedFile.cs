namespace PulseMeet.E2E.Sqlite;

/// <summary>The file beside the database by which a process asks the one that holds the store to hand it over.</summary>
internal static class WantedFile
{
    public static bool Exists(string database) => File.Exists(NameOf(database));

    public static void Create(string database)
    {
        using FileStream file = new(NameOf(database), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Whoever has the store, or gives up, takes the request away.</summary>
    public static void Delete(string database) => File.Delete(NameOf(database));

    private static string NameOf(string database) => database + "-wanted";
}
