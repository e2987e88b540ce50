namespace PulseMeet.E2E;

/// <summary>Why an input from outside was refused: what an app switches on.</summary>
/// <remarks>The number of a reason never changes; a later version may add reasons.</remarks>
public enum E2EError
{
    /// <summary>No reason was given. Not used by this library.</summary>
    None = 0,

    /// <summary>The bytes or the text do not have the documented form: wrong length, bad base64, bad JSON, trailing bytes.</summary>
    InvalidEncoding = 1,

    /// <summary>The format version is not one that this library reads.</summary>
    UnsupportedVersion = 2,

    /// <summary>A public key is malformed, not canonical, or of low order (RFC 7748, section 6.1; RFC 8032, section 5.1.3).</summary>
    InvalidPublicKey = 3,

    /// <summary>A signature over a certificate or a prekey does not verify.</summary>
    InvalidSignature = 4,

    /// <summary>A certificate, a prekey or a device list is used outside its time.</summary>
    Expired = 5,

    /// <summary>The ciphertext was changed, is for somebody else, or is under a key that is not at hand.</summary>
    NotAuthentic = 6,

    /// <summary>The message was opened before, or its key was dropped after its time.</summary>
    DuplicateMessage = 7,

    /// <summary>The message number is further ahead than the limits allow.</summary>
    TooFarAhead = 8,

    /// <summary>A chain has given its last key; a new ratchet step is needed.</summary>
    ChainExhausted = 9,

    /// <summary>A first message names a prekey that this device does not hold (used up, retired, or never its own).</summary>
    UnknownPreKey = 10,

    /// <summary>A first message that was accepted before.</summary>
    ReplayedHandshake = 11,

    /// <summary>The directory has no such user or device.</summary>
    UnknownDevice = 12,

    /// <summary>A bundle or publication is without the ML-KEM key that this protocol requires.</summary>
    KemKeyMissing = 13,

    /// <summary>A length or a count is over its documented bound.</summary>
    LimitExceeded = 14,

    /// <summary>None of the candidate keys opens the legacy message or media file.</summary>
    NoKeyFits = 15,

    /// <summary>The account, device or conversation named inside is not the expected one.</summary>
    WrongIdentity = 16,

    /// <summary>The media was sealed under another key or header than the reference commits to.</summary>
    WrongCommitment = 17,

    /// <summary>A sealed stream ends before its final segment.</summary>
    Truncated = 18,

    /// <summary>A first message that began another session.</summary>
    WrongSession = 19,

    /// <summary>A content is not the one that an interrupted sealing began with.</summary>
    ContentChanged = 20,

    /// <summary>A device list is older than one that was seen.</summary>
    OutdatedDeviceList = 21,

    /// <summary>The peer's app has another profile, such as another salt of the derived keys.</summary>
    ProfileMismatch = 22,

    /// <summary>A device is not on its account's device list, or is there with other keys.</summary>
    UnlistedDevice = 23,

    /// <summary>An account appears under another key than the one that is remembered for it.</summary>
    AccountKeyChanged = 24,

    /// <summary>A request to link a device or for the account key, or its answer, is too old, was used before, or is another one's.</summary>
    LinkRefused = 25,

    /// <summary>The characters of a recovery key do not fit together: one was exchanged.</summary>
    RecoveryKeyMistyped = 26,

    /// <summary>Another process holds the store.</summary>
    StoreInUse = 30,

    /// <summary>The store was changed by somebody else since it was read.</summary>
    StoreConflict = 31,

    /// <summary>The store could not be written or read: a full disk, a failing one, no permission.</summary>
    StoreFailed = 32,

    /// <summary>The store was changed, cut short, or an old record was put back.</summary>
    StoreDamaged = 33,

    /// <summary>The store's key is wrapped under another master key.</summary>
    WrongMasterKey = 34,

    /// <summary>The relay cannot be reached, or does not answer in time.</summary>
    RelayUnavailable = 40,

    /// <summary>The caller has no right to that.</summary>
    NotAllowed = 41,

    /// <summary>There is no such media file.</summary>
    UnknownMedia = 42,

    /// <summary>A safety number has not 60 digits, or not 20 words.</summary>
    SafetyNumberLength = 50,

    /// <summary>A safety number holds a character that is neither a digit nor white space.</summary>
    SafetyNumberCharacter = 51,

    /// <summary>A safety number holds a digit of another script: the digits are 0 to 9.</summary>
    SafetyNumberForeignDigit = 52,

    /// <summary>A safety number has white space within a group of five.</summary>
    SafetyNumberSpacing = 53,

    /// <summary>A safety number in words holds a word that is not on the list.</summary>
    SafetyNumberUnknownWord = 54,

    /// <summary>A safety number in words does not fit its own check: a word was exchanged.</summary>
    SafetyNumberCheck = 55,

    /// <summary>A safety number is not the one of these two accounts.</summary>
    SafetyNumberMismatch = 56,

    /// <summary>A nonce is not the one that was committed to, or was committed to for other account keys.</summary>
    ShortAuthenticationRefused = 57,

    /// <summary>A step of a comparison by voice came a second time.</summary>
    ShortAuthenticationRepeated = 58,

    /// <summary>An MLS message of another group.</summary>
    MlsWrongGroup = 60,

    /// <summary>An MLS message of an epoch that has not begun for this member, or whose keys are deleted.</summary>
    MlsWrongEpoch = 61,

    /// <summary>A leaf node breaks a rule of RFC 9420, section 7.3.</summary>
    MlsInvalidLeaf = 62,

    /// <summary>A key package breaks a rule of RFC 9420, section 10.1.</summary>
    MlsInvalidKeyPackage = 63,

    /// <summary>A proposal breaks a rule of RFC 9420, section 12.1.</summary>
    MlsInvalidProposal = 64,

    /// <summary>A commit breaks a rule of RFC 9420, section 12.2 or 12.4.</summary>
    MlsInvalidCommit = 65,

    /// <summary>A ratchet tree breaks a rule of RFC 9420, section 7 or 12.4.3.1.</summary>
    MlsInvalidTree = 66,

    /// <summary>A Welcome or a group info breaks a rule of RFC 9420, section 12.4.3.</summary>
    MlsInvalidWelcome = 67,

    /// <summary>A pre-shared key that a commit or a Welcome names is not held.</summary>
    MlsUnknownPsk = 68,

    /// <summary>The group's own rules allow a leaf, a proposal or a commit not.</summary>
    MlsRefusedByPolicy = 69,

    /// <summary>A protocol version, cipher suite or required extension that this library does not have.</summary>
    MlsUnsupported = 70,

    /// <summary>A Welcome has no entry for the key package at hand.</summary>
    MlsNotForThisClient = 71,

    /// <summary>A commit names a proposal that has not come.</summary>
    MlsUnknownProposal = 72,

    /// <summary>This member was removed from the group, or the group is over because it was re-initialised.</summary>
    MlsGroupClosed = 73,

    /// <summary>Proposals are waiting: a commit comes before the next application message (RFC 9420, section 12.4).</summary>
    MlsCommitRequired = 74,

    /// <summary>A commit whose path does not open for this member; the committer's leaf is in the exception's Data under &quot;mls.committer&quot;.</summary>
    MlsPathUnreadable = 75,

    /// <summary>The user has an account already, on other devices.</summary>
    AccountExists = 80,

    /// <summary>A leaf of a pulse chat whose credential is no device certificate of its account, or whose device is not on the
    /// account's newest list that the group knows.</summary>
    GroupLeafRefused = 90,

    /// <summary>A device list that a commit or a snapshot of a pulse chat carries: malformed, not newer, or not the one that is
    /// named.</summary>
    GroupDeviceListRefused = 91,

    /// <summary>The committer's role in a pulse chat does not allow the change.</summary>
    GroupNotAllowed = 92,

    /// <summary>The group context of a pulse chat is malformed, or gives a role to somebody who is not there.</summary>
    GroupExtensionRefused = 93,

    /// <summary>A proposal that has no place in a pulse chat, or that comes by itself where it may not.</summary>
    GroupProposalRefused = 94,

    /// <summary>A pulse chat takes no external joins, or not this one.</summary>
    GroupJoinRefused = 95,
}
