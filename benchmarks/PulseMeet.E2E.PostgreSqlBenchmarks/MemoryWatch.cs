using System.Diagnostics;
using PulseMeet.E2E.PostgreSql.Migration;

namespace PulseMeet.E2E.PostgreSqlBenchmarks;

/// <summary>The process's working set after a tenth of the messages, and at the end.</summary>
internal sealed class MemoryWatch(long total) : IProgress<MessageMigrationProgress>
{
    public long Early { get; private set; }

    public long Late { get; private set; }

    public void Report(MessageMigrationProgress value)
    {
        if (Early == 0 && value.Looked >= total / 10)
        {
            Early = Megabytes();
        }

        if (value.Looked >= total - 100)
        {
            Late = Megabytes();
        }
    }

    private static long Megabytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64 >> 20;
    }
}
