using PulseMeet.E2E.Tests.Messaging.Simulation;
using PulseMeet.E2E.Messaging;
namespace PulseMeet.E2E.Tests.Messaging;
public sealed class ReplayTmp
{
    [Fact]
    public async Task Replay()
    {
        string[] l = File.ReadAllLines("/tmp/course.txt");
        uint seed = uint.Parse(l[0].Split(' ')[1].TrimEnd(':'));
        var course = new Course(seed, [.. l[0].Split(": ")[1].Split(' ').Select(uint.Parse)]);
        string text = l[1], who = l[2];
        var steps = course.StepsOf(l[3] == "true");
        await using var walk = new Walk(course.Seed);
        void Log(string t) => File.AppendAllText("/tmp/replay.log", t + "\n");
        async Task Look(string t)
        {
            Said? said = walk.Everything.FirstOrDefault(s => s.Text == text);
            foreach (Member m in walk.Devices.Where(d => $"{d.UserId}/{d.Address.DeviceId}" == who))
            {
                string s = "";
                if (said?.Number is { } n)
                {
                    IncomingStream st = await Listed.StreamAsync(m, n.Stream);
                    s = $"n{n.Number} of {n.Stream.StreamId} base {st.Baseline} high {st.Highest} missing {string.Join(',', st.Missing)} named {string.Join(',', st.Named)} asks {st.Asks}";
                }
                Log($"{t}: {s} shown {m.Texts.Count(x => x == text)} for {said?.For.Contains(m)}; {string.Join(" ", m.Seen.Where(e => e is not MessageReceived).Select(e => e is MessagesMissing mm ? $"Missing({mm.Sender.UserId}/{mm.Sender.DeviceId},{mm.ConversationWith},{mm.Count},{mm.IsLost})" : e.GetType().Name))}");
            }
        }
        walk.Looked = Look;
        await walk.BeginAsync();
        await Look("begun");
        foreach (Step step in steps) { await walk.TakeAsync(step); await Look(step.ToString()); }
        await walk.HealAsync();
        await Look("healed");
    }
}
