namespace PulseMeet.E2E.Identity;

/// <summary>What approving a linking request gives: the answer for the relay to keep, and the list to publish.</summary>
public sealed class LinkAnswer
{
    private readonly byte[] _requestId;
    private readonly byte[] _sealedAnswer;

    internal LinkAnswer(byte[] requestId, byte[] sealedAnswer, DeviceCertificate certificate, DeviceList devices)
    {
        _requestId = requestId;
        _sealedAnswer = sealedAnswer;
        Certificate = certificate;
        Devices = devices;
    }

    /// <summary>The new device's certificate.</summary>
    public DeviceCertificate Certificate { get; }

    /// <summary>The account's device list with the new device, to be published and stored before the answer is given out.</summary>
    public DeviceList Devices { get; }

    /// <summary>The request's id, 16 bytes: what the relay keeps the answer under.</summary>
    public byte[] CopyRequestId() => [.. _requestId];

    /// <summary>The sealed answer.</summary>
    public byte[] ToArray() => [.. _sealedAnswer];
}
