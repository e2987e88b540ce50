namespace PulseMeet.E2E.Http;

/// <summary>When a call may be attempted again by itself.</summary>
internal enum Repeatable
{
    /// <summary>Always: twice has the effect of once.</summary>
    Always,

    /// <summary>Only where the server has not carried it out: it said so (429, 503), or was not reached. A claim costs a
    /// pair of each device.</summary>
    WhereNotDone,

    /// <summary>Never: a signal that is late is worth nothing.</summary>
    Never,
}
