using System.Text;
using FluentAssertions;
using Relay.Redaction;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Redaction;

/// <summary>The second that a byte waits at most.</summary>
public sealed class RedactedOutputTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly List<string> _delivered = [];
    private readonly List<Exception> _failures = [];
    private readonly RedactedOutput _output;
    private Exception? _failure;

    public RedactedOutputTests() => _output = new RedactedOutput(new Redactor(MaskedText.BuiltIn, MaskStyle.Named, _ => { }), Deliver, _failures.Add, _time);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _output.DisposeAsync();

    ValueTask IAsyncDisposable.DisposeAsync() => _output.DisposeAsync();

    [Fact]
    public async Task What_gets_no_company_for_a_second_leaves()
    {
        await Take("see AKIA");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        _delivered.Should().Equal("see ");
        _time.Advance(TimeSpan.FromSeconds(0.2));
        _delivered.Should().Equal("see ", "AKIA");
    }

    [Fact]
    public async Task A_secret_that_may_go_on_is_masked_after_a_second()
    {
        await Take("ghp_16C7e42F292c6912E7710c838347Ae178B4a");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        _delivered.Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        _delivered.Should().Equal("[redacted:github-token]");
    }

    [Fact]
    public async Task Company_begins_the_second_anew()
    {
        await Take("eyJ");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        await Take("hbGci");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        _delivered.Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        _delivered.Should().Equal("eyJhbGci");
    }

    [Fact]
    public async Task A_failure_of_the_clock_is_told()
    {
        _failure = new IOException("full");
        await Take("eyJ");
        _time.Advance(TimeSpan.FromSeconds(1));
        _failures.Should().Equal(_failure);
    }

    [Fact]
    public async Task After_the_end_nothing_is_delivered()
    {
        await Take("eyJ");
        await _output.DisposeAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        _delivered.Should().BeEmpty();
    }

    [Fact]
    public async Task Once_a_delivery_has_failed_nothing_comes_after_the_hole()
    {
        _failure = new IOException("full");
        var first = async () => await Take("lost, and held: AKIA");
        await first.Should().ThrowAsync<IOException>();
        _failure = null;
        _delivered.Clear();

        await _output.EndAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        var next = async () => await Take("more");

        (await next.Should().ThrowAsync<IOException>()).WithMessage("full");
        _delivered.Should().BeEmpty();
    }

    [Fact]
    public async Task While_more_is_on_its_way_there_is_no_silence()
    {
        await Take("redis://u:hunter2");
        _output.IsMoreOnItsWay = true;
        _time.Advance(TimeSpan.FromSeconds(30));
        string.Concat(_delivered).Should().NotContain("u:");
        _output.IsMoreOnItsWay = false;
        await Take("secret@host/0\n");

        string.Concat(_delivered).Should().Be("redis://u:[redacted:url-password]@host/0\n");
    }

    private ValueTask Take(string text) => _output.TakeAsync(Encoding.Latin1.GetBytes(text));

    private ValueTask Deliver(ReadOnlyMemory<byte> ready)
    {
        _delivered.Add(Encoding.Latin1.GetString(ready.Span));
        return _failure is null ? ValueTask.CompletedTask : ValueTask.FromException(_failure);
    }
}
