namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>A file on a medium, under whatever names, and what was done to it since its last sync.</summary>
internal sealed class MediumFile(byte[] content)
{
    /// <summary>What a disk writes whole or not at all.</summary>
    private const int SectorSize = 512;

    private readonly List<(int Number, DiskStep Step)> _waiting = [];
    private byte[] _content = content;
    private int _length = content.Length;

    /// <summary>What has reached the medium.</summary>
    public ReadOnlySpan<byte> Content => _content.AsSpan(0, _length);

    /// <param name="number">Which step of all.</param>
    /// <param name="step">A write, or a new length.</param>
    public void Do(int number, DiskStep step) => _waiting.Add((number, step));

    /// <summary>All of it reaches the medium.</summary>
    public void Sync() => Settle(PowerLoss.OfNothing());

    /// <summary>The power has gone: of what was not synced, some has reached the medium, in its order.</summary>
    public void Settle(PowerLoss loss)
    {
        foreach ((int number, DiskStep step) in _waiting)
        {
            if (step.Kind == 'W')
            {
                Write(number, step, loss);
            }
            else if (loss.Spares(number))
            {
                Resize(step.At);
            }
        }

        _waiting.Clear();
    }

    private void Write(int number, DiskStep step, PowerLoss loss)
    {
        if (!loss.Tears)
        {
            if (loss.Spares(number))
            {
                Put(step.At, step.Bytes);
            }

            return;
        }

        for (int from = 0; from < step.Bytes.Length;)
        {
            long sector = (step.At + from) / SectorSize;
            int to = (int)Math.Min(step.Bytes.Length, (sector + 1) * SectorSize - step.At);
            if (loss.Spares(number))
            {
                Put(step.At + from, step.Bytes.AsSpan(from, to - from));
            }

            from = to;
        }

        // The new length may be there before the bytes, which are zeros then.
        long end = step.At + step.Bytes.Length;
        if (end > _length && loss.Spares(number))
        {
            Resize(end);
        }
    }

    private void Put(long at, ReadOnlySpan<byte> bytes)
    {
        if (at + bytes.Length > _length)
        {
            Resize(at + bytes.Length);
        }

        bytes.CopyTo(_content.AsSpan((int)at));
    }

    private void Resize(long length)
    {
        if (length > _content.Length)
        {
            Array.Resize(ref _content, (int)Math.Max(length, _content.Length * 2L));
        }

        if (length < _length)
        {
            Array.Clear(_content, (int)length, _length - (int)length);
        }

        _length = (int)length;
    }
}
