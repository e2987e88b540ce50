namespace PulseMeet.E2E.Media;

/// <summary>Lets an object be disposed while it is in use: new uses are refused at once, and its resources are released when the
/// last use has ended.</summary>
/// <param name="release">Called once, by whoever ends last.</param>
internal sealed class SharedUse(Action release)
{
    private readonly Lock _lock = new();
    private int _uses;
    private bool _ended;

    /// <summary>Whether the object was disposed; a use that began before may still be going on.</summary>
    public bool IsEnded
    {
        get
        {
            lock (_lock)
            {
                return _ended;
            }
        }
    }

    /// <summary>Begins a use, which ends when the hold is disposed.</summary>
    /// <exception cref="ObjectDisposedException"><paramref name="owner"/> was disposed.</exception>
    public Hold Begin(object owner)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended, owner);
            _uses++;
        }

        return new Hold(this);
    }

    /// <returns>Whether this call was the first.</returns>
    public bool End()
    {
        bool last;
        lock (_lock)
        {
            if (_ended)
            {
                return false;
            }

            _ended = true;
            last = _uses == 0;
        }

        if (last)
        {
            release();
        }

        return true;
    }

    private void EndUse()
    {
        bool last;
        lock (_lock)
        {
            last = --_uses == 0 && _ended;
        }

        if (last)
        {
            release();
        }
    }

    /// <summary>One use. Disposed exactly once.</summary>
    public readonly struct Hold(SharedUse use) : IDisposable
    {
        public void Dispose() => use.EndUse();
    }
}
