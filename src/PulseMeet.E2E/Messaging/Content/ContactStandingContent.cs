using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a device of one's own was told about contacts. Numbered as messages are, so that it is not lost; never handed to the
/// app.</summary>
/// <param name="contacts">1 to <see cref="MaxContacts"/>.</param>
/// <remarks>docs/protocol-messaging.md, "Contacts". In the account's conversation with itself alone. Immutable.</remarks>
internal sealed class ContactStandingContent(IReadOnlyList<ContactStanding> contacts) : MessageContent
{
    /// <summary>The most contacts that one content speaks of.</summary>
    public const int MaxContacts = 500;

    public IReadOnlyList<ContactStanding> Contacts { get; } = contacts;

    internal override ushort Type => ContentType.ContactStanding;

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or too many
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static ContactStandingContent Read(ref SpanReader reader)
    {
        var contacts = new ContactStanding[reader.ReadUInt16()];
        if (contacts.Length > MaxContacts)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many contacts.");
        }

        for (int i = 0; i < contacts.Length; i++)
        {
            contacts[i] = ContactStanding.Read(ref reader);
        }

        return contacts.Length > 0
            ? new ContactStandingContent(contacts)
            : throw new E2EException(E2EError.InvalidEncoding, "No contact.");
    }

    internal override byte[] EncodeBody()
    {
        RecordWriter writer = new RecordWriter().Bytes([(byte)(Contacts.Count >> 8), (byte)Contacts.Count]);
        foreach (ContactStanding contact in Contacts)
        {
            contact.Write(writer);
        }

        return writer.ToArray();
    }
}
