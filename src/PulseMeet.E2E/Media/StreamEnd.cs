namespace PulseMeet.E2E.Media;

/// <summary>A stream that is used either synchronously or asynchronously throughout, so that both forms share one code: the
/// synchronous form's tasks are always complete.</summary>
internal readonly struct StreamEnd(Stream stream, bool sync)
{
    public bool IsSync => sync;

    /// <summary>Reads until the memory is full or the stream ends.</summary>
    public async ValueTask<int> FillAsync(Memory<byte> memory, CancellationToken cancellationToken)
    {
        int filled = 0;
        while (filled < memory.Length)
        {
            int read = sync
                ? stream.Read(memory.Span[filled..])
                : await stream.ReadAsync(memory[filled..], cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            filled += read;
        }

        return filled;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> memory, CancellationToken cancellationToken)
    {
        if (!sync)
        {
            return stream.WriteAsync(memory, cancellationToken);
        }

        stream.Write(memory.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (!sync)
        {
            return new ValueTask(stream.FlushAsync(cancellationToken));
        }

        stream.Flush();
        return ValueTask.CompletedTask;
    }

    /// <summary>Moves a seekable stream.</summary>
    public void Seek(long position) => stream.Position = position;
}
