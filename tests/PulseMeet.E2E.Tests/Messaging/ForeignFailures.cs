namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What a relay or a media store of an app's may throw, whatever its contract says.</summary>
public static class ForeignFailures
{
    public static TheoryData<Exception> All =>
    [
        new HttpRequestException("no route"),
        new TimeoutException(),
        new IOException("reset by peer"),
        new InvalidOperationException(),
        new ArgumentException("what?"),
        new ObjectDisposedException("connection"),
        new OperationCanceledException("a time-out of its own"),
        new KeyNotFoundException(),
        new E2EException(E2EError.StoreDamaged),
        new E2EException(E2EError.StoreFailed),
        new E2EException(E2EError.StoreInUse),
        new E2EException(E2EError.StoreConflict),
        new E2EException(E2EError.WrongMasterKey),
    ];
}
