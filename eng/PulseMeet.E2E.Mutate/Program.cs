using PulseMeet.E2E.Mutate;

// The same program twice: the parent mutates the core and counts; its child, beside the tests' own files, runs tests.
return args switch
{
    ["host", string tests, string filter, string active] => await new TestHost(tests, filter.Split('|')).RunAsync(int.Parse(active)),
    ["room", string repository, string bin, string room, string filter] => await new Room(repository, bin, room, filter).RunAsync(again: false),
    ["again", string repository, string bin, string room, string filter] => await new Room(repository, bin, room, filter).RunAsync(again: true),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("eng/mutate.sh [ROOM...]");
    return 2;
}
