namespace PulseMeet.E2E;

/// <summary>The one exception for bad input from outside: a peer, a server, a file, a database.</summary>
/// <remarks>The message names the reason and never the input: no key, no plaintext, no identifier is in it.</remarks>
public sealed class E2EException : Exception
{
    /// <param name="reason">Why the input was refused.</param>
    public E2EException(E2EError reason)
        : base(Describe(reason)) => Reason = reason;

    /// <param name="reason">Why the input was refused.</param>
    /// <param name="detail">What was refused, in words that hold no part of the input.</param>
    public E2EException(E2EError reason, string detail)
        : base($"{Describe(reason)} {detail}") => Reason = reason;

    /// <param name="reason">Why the input was refused.</param>
    /// <param name="detail">What was refused, in words that hold no part of the input.</param>
    /// <param name="innerException">The failure underneath.</param>
    public E2EException(E2EError reason, string detail, Exception innerException)
        : base($"{Describe(reason)} {detail}", innerException) => Reason = reason;

    /// <summary>Why the input was refused.</summary>
    public E2EError Reason { get; }

    private static string Describe(E2EError reason) => reason switch
    {
        E2EError.InvalidEncoding => "The input does not have the documented form.",
        E2EError.UnsupportedVersion => "The format version is not supported.",
        E2EError.InvalidPublicKey => "The public key is malformed, not canonical, or of low order.",
        E2EError.InvalidSignature => "The signature does not verify.",
        E2EError.Expired => "A certificate, prekey or device list is outside its time.",
        E2EError.NotAuthentic => "The ciphertext is not authentic.",
        E2EError.DuplicateMessage => "The message was opened before, or its key was dropped.",
        E2EError.TooFarAhead => "The message number is beyond the limits.",
        E2EError.ChainExhausted => "The chain has given its last key.",
        E2EError.UnknownPreKey => "The prekey is not held by this device.",
        E2EError.ReplayedHandshake => "The first message was accepted before.",
        E2EError.UnknownDevice => "The user or device is not known.",
        E2EError.KemKeyMissing => "The ML-KEM key is missing.",
        E2EError.LimitExceeded => "A length or count is over its bound.",
        E2EError.NoKeyFits => "No candidate key fits.",
        E2EError.WrongIdentity => "The account, device or conversation is not the expected one.",
        E2EError.WrongCommitment => "The key or header is not the one that the reference commits to.",
        E2EError.Truncated => "The sealed stream ends before its final segment.",
        E2EError.WrongSession => "The message began another session.",
        E2EError.ContentChanged => "The content is not the one that sealing began with.",
        E2EError.OutdatedDeviceList => "The device list is older than one that was seen.",
        E2EError.ProfileMismatch => "The peer's app has another profile.",
        E2EError.UnlistedDevice => "The device is not on its account's list.",
        E2EError.AccountKeyChanged => "The account has another key than the one remembered.",
        E2EError.LinkRefused => "The request or its answer is too old, was used before, or is another one's.",
        E2EError.RecoveryKeyMistyped => "The recovery key was mistyped.",
        E2EError.StoreInUse => "Another process holds the store.",
        E2EError.StoreConflict => "The store was changed by somebody else.",
        E2EError.StoreFailed => "The store could not be written or read.",
        E2EError.StoreDamaged => "The store is damaged or was changed.",
        E2EError.WrongMasterKey => "The store was made under another master key.",
        E2EError.RelayUnavailable => "The relay cannot be reached.",
        E2EError.NotAllowed => "The caller has no right to that.",
        E2EError.UnknownMedia => "There is no such media file.",
        E2EError.SafetyNumberLength => "The safety number has not 60 digits or 20 words.",
        E2EError.SafetyNumberCharacter => "The safety number holds something other than digits.",
        E2EError.SafetyNumberForeignDigit => "The safety number holds a digit of another script.",
        E2EError.SafetyNumberSpacing => "The safety number has white space within a group of five.",
        E2EError.SafetyNumberUnknownWord => "The safety number holds a word that is not on the list.",
        E2EError.SafetyNumberCheck => "The words of the safety number do not fit together.",
        E2EError.SafetyNumberMismatch => "The safety number is not that of these two accounts.",
        E2EError.ShortAuthenticationRefused => "The nonce or the account keys are not those that were committed to.",
        E2EError.ShortAuthenticationRepeated => "The step of the comparison was taken before.",
        E2EError.MlsWrongGroup => "The MLS message is of another group.",
        E2EError.MlsWrongEpoch => "The MLS message is of an epoch that is not at hand.",
        E2EError.MlsInvalidLeaf => "The MLS leaf node is not valid.",
        E2EError.MlsInvalidKeyPackage => "The MLS key package is not valid.",
        E2EError.MlsInvalidProposal => "The MLS proposal is not valid.",
        E2EError.MlsInvalidCommit => "The MLS commit is not valid.",
        E2EError.MlsInvalidTree => "The MLS ratchet tree is not valid.",
        E2EError.MlsInvalidWelcome => "The MLS Welcome or group info is not valid.",
        E2EError.MlsUnknownPsk => "A pre-shared key is not held.",
        E2EError.MlsRefusedByPolicy => "The group's rules do not allow it.",
        E2EError.MlsUnsupported => "The MLS version, suite or extension is not supported.",
        E2EError.MlsNotForThisClient => "The MLS Welcome is not for this client.",
        E2EError.MlsUnknownProposal => "The MLS commit names a proposal that has not come.",
        E2EError.MlsGroupClosed => "This member has left the MLS group, or the group is over.",
        E2EError.MlsCommitRequired => "MLS proposals are waiting for a commit.",
        E2EError.MlsPathUnreadable => "The MLS update path does not open for this member.",
        E2EError.AccountExists => "The user has an account already.",
        E2EError.GroupLeafRefused => "The leaf is not one of a device on its account's list.",
        E2EError.GroupDeviceListRefused => "The group's device list is malformed, not newer, or not the one named.",
        E2EError.GroupNotAllowed => "The committer's role does not allow the change.",
        E2EError.GroupExtensionRefused => "The group's context is not one of a pulse chat.",
        E2EError.GroupProposalRefused => "The proposal has no place in a pulse chat.",
        E2EError.GroupJoinRefused => "The group does not take this external join.",
        _ => "The input was refused.",
    };
}
