namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Why the messages of a conversation are not re-sealed, although they can be read.</summary>
internal enum SealingObstacle
{
    None,

    /// <summary>The own current key is not the one that the database lists: the app has lost it, or publishes it later.</summary>
    OwnKeyNotListed,

    /// <summary>This user has a usable key that this app does not hold: another device would lose what is sealed here.</summary>
    OwnOtherDevice,

    /// <summary>The peer has no usable key.</summary>
    PeerWithoutKey,

    /// <summary>The peer has several: whichever is sealed to, another of the peer's devices would lose the messages.</summary>
    PeerSeveralDevices,

    /// <summary>A pulse without a key that this user has.</summary>
    NoPulseKey,

    /// <summary>A member of the pulse has no copy of its key, and the operator has not named that loss.</summary>
    MemberWouldLose,
}
