using FluentAssertions;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

public sealed class RelayErrorTests
{
    public static TheoryData<RelayErrorCode> Codes => [.. Enum.GetValues<RelayErrorCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_code_has_a_name_that_leads_back_to_it(RelayErrorCode code)
    {
        code.ToName().Should().MatchRegex("^[a-z]+(_[a-z]+)*$");
        RelayErrorCodes.TryParse(code.ToName(), out var parsed).Should().BeTrue();
        parsed.Should().Be(code);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_failure_crosses_the_hub(RelayErrorCode code)
    {
        var sent = RelayException.Create(code, "stdout ends at 12: not at 20");

        var received = RelayException.FromWire($"An unexpected error occurred invoking 'Write' on the server. HubException: {sent.ToWire()}");

        received.Should().BeOfType(sent.GetType());
        received.Code.Should().Be(code);
        received.Message.Should().Be(sent.Message);
        received.IsRetryable.Should().Be(code.IsRetryable());
    }

    [Theory]
    [InlineData("session_not_found")]
    [InlineData("Session_Not_Found: x")]
    [InlineData(": x")]
    [InlineData("")]
    [InlineData("Failed to invoke 'Read' due to an error on the server.")]
    public void A_text_without_a_code_is_an_internal_error(string text)
    {
        var failure = RelayException.FromWire(text);

        failure.Code.Should().Be(RelayErrorCode.InternalError);
        failure.Message.Should().Be(text);
    }

    [Theory]
    [InlineData("a_code_of_the_future: x")]
    [InlineData("Failed to invoke 'Write' due to an error on the server. HubException: Method does not exist.")]
    public void What_another_version_says_is_final(string text)
    {
        var failure = RelayException.FromWire(text);

        failure.Code.Should().Be(RelayErrorCode.UnsupportedVersion);
        failure.IsRetryable.Should().BeFalse();
    }

    [Fact]
    public void The_text_begins_behind_the_last_prefix_and_the_cause_is_kept()
    {
        var cause = new TimeoutException();

        var failure = RelayException.FromWire("HubException: outer HubException: fenced: attempt 3 took the lease", cause);

        failure.Should().BeOfType<WriterRefusedException>().Which.Code.Should().Be(RelayErrorCode.Fenced);
        failure.Message.Should().Be("attempt 3 took the lease");
        failure.InnerException.Should().BeSameAs(cause);
    }

    [Theory]
    [InlineData(RelayErrorCode.SessionNotFound, "session_not_found", typeof(SessionNotFoundException))]
    [InlineData(RelayErrorCode.SessionExists, "session_exists", typeof(SessionExistsException))]
    [InlineData(RelayErrorCode.SessionReplaced, "session_replaced", typeof(SessionGoneException))]
    [InlineData(RelayErrorCode.WriterAlreadyConnected, "writer_already_connected", typeof(WriterRefusedException))]
    [InlineData(RelayErrorCode.OffsetBeforeRun, "offset_before_run", typeof(RelayException))]
    public void Codes_have_the_published_names_and_types(RelayErrorCode code, string name, Type type)
    {
        code.ToName().Should().Be(name);
        RelayException.Create(code, "x").Should().BeOfType(type);
    }

    [Fact]
    public void Only_what_may_pass_by_itself_is_retryable() =>
        Enum.GetValues<RelayErrorCode>().Where(code => code.IsRetryable()).Should().BeEquivalentTo(
        [
            RelayErrorCode.InternalError, RelayErrorCode.StorageFull, RelayErrorCode.StorageFailed, RelayErrorCode.ServerStopping, RelayErrorCode.ConnectionLost,
            RelayErrorCode.TooManyRequests, RelayErrorCode.LimitReached,
        ]);
}
