using System.Runtime.ExceptionServices;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>What is wrong with a value fails its invocation; what is wrong with a frame ends its connection.</summary>
public sealed class HubProtocolFailureTests
{
    private static readonly Binder OneInt = new(typeof(int));

    [Theory]
    [InlineData("90", "*0 arguments*takes 1*")]
    [InlineData("92 01 02", "*2 arguments*takes 1*")]
    [InlineData("91 a1 78", "*Argument 1 is not a valid Int32*expected an integer*found String*")]
    [InlineData("91 c0", "*Nil*")]
    [InlineData("91 c4 00", "*Binary*")]
    [InlineData("91 ce 80000000", "*does not fit a 32-bit integer*")]
    [InlineData("91 cf 8000000000000000", "*does not fit a 64-bit integer*")]
    [InlineData("91 cb 3fe0000000000000", "*does not fit an integer*")]
    [InlineData("91 cb 7ff8000000000000", "*does not fit an integer*")]
    [InlineData("91 cb 43e0000000000000", "*does not fit an integer*")]
    [InlineData("91 d6 ff 00000000", "*Extension*")]
    [InlineData("80", "*Expected an array*")]
    [InlineData("c0", "*Expected an array*")]
    public void Wrong_arguments_fail_their_invocation(string arguments, string problem)
    {
        foreach (var type in new[] { "01", "04" })
        {
            var frame = Samples.Frame($"96 {type} 81 a1 68 a0 a1 37 a1 74 {arguments} 91 a1 38");

            var failure = Samples.Decode(frame, OneInt).Should().BeOfType<InvocationBindingFailureMessage>().Subject;

            failure.InvocationId.Should().Be("7");
            failure.Target.Should().Be("t");
            failure.BindingFailure.SourceException.Message.Should().MatchEquivalentOf(problem);
            TheReasonReachesThePeer(failure.BindingFailure);
        }
    }

    [Fact]
    public void An_unknown_target_fails_its_invocation()
    {
        var frame = Samples.Frame("96 01 80 c0 a7 756e6b6e6f776e 90 90");

        var failure = Samples.Decode(frame, OneInt).Should().BeOfType<InvocationBindingFailureMessage>().Subject;

        failure.InvocationId.Should().BeNull();
        failure.Target.Should().Be("unknown");
        TheReasonReachesThePeer(failure.BindingFailure);
    }

    [Theory]
    [InlineData("a7 756e6b6e6f776e", "01")]
    [InlineData("a1 31", "a1 78")]
    [InlineData("a1 31", "c0")]
    public void A_wrong_stream_item_fails_its_stream(string id, string item)
    {
        var frame = Samples.Frame($"94 02 80 {id} {item}");

        var failure = Samples.Decode(frame, OneInt).Should().BeOfType<StreamBindingFailureMessage>().Subject;

        failure.Id.Should().Be(id == "a1 31" ? "1" : "unknown");
        TheReasonReachesThePeer(failure.BindingFailure);
    }

    [Fact]
    public void A_wrong_result_fails_its_completion()
    {
        var completion = (CompletionMessage)Samples.Decode(Samples.Frame("95 03 80 a1 31 03 a1 78"), OneInt);

        completion.HasResult.Should().BeFalse();
        completion.Error.Should().Contain("Int32");
    }

    [Fact]
    public void A_result_nobody_waits_for_is_passed_over()
    {
        var completion = (CompletionMessage)Samples.Decode(Samples.Frame("95 03 80 a7 756e6b6e6f776e 03 92 a1 78 c0"), OneInt);

        completion.Should().BeEquivalentTo(new { HasResult = true, Result = (object?)null, Error = (string?)null });
    }

    [Theory]
    [InlineData(typeof(WriteItem), "c0")]
    [InlineData(typeof(WriteItem), "01")]
    [InlineData(typeof(WriteItem), "80")]
    [InlineData(typeof(WriteItem), "94 01 01 00 a2 6869")]
    [InlineData(typeof(WriteItem), "97 03 00 00 c4 00 00 00 91 c0")]
    [InlineData(typeof(WriteRequest), "92 01 05")]
    [InlineData(typeof(WriteRequest), "95 01 a1 73 a1 72 01 01")]
    [InlineData(typeof(OutputTotal), "93 01 00 ff")]
    [InlineData(typeof(OutputTotal), "93 01 00 cf 0000000100000000")]
    [InlineData(typeof(string), "c4 01 78")]
    [InlineData(typeof(byte[]), "a1 78")]
    [InlineData(typeof(bool), "01")]
    [InlineData(typeof(double), "a1 31")]
    [InlineData(typeof(object), "d4 01 00")]
    [InlineData(typeof(object), "81 01 02")]
    [InlineData(typeof(Uri), "a1 31")]
    public void A_value_of_another_type_is_not_bound(Type type, string item) =>
        Samples.Decode(Samples.Frame("94 02 80 a1 69 " + item), new Binder(type)).Should().BeOfType<StreamBindingFailureMessage>();

    [Fact]
    public void Deep_nesting_fails_its_value_only()
    {
        var item = string.Concat(Enumerable.Repeat("91", 100)) + "c0";

        Samples.Decode(Samples.Frame("94 02 80 a1 69 " + item), new Binder(typeof(object))).Should().BeOfType<StreamBindingFailureMessage>();
        Samples.Decode(Samples.Frame("95 03 80 a7 756e6b6e6f776e 03 " + item), OneInt).Should().BeOfType<CompletionMessage>();
    }

    [Theory]
    [InlineData("")]
    [InlineData("c0")]
    [InlineData("06")]
    [InlineData("80")]
    [InlineData("81 06 06")]
    [InlineData("90")]
    [InlineData("91 a1 36")]
    [InlineData("91 c0")]
    [InlineData("91")]
    [InlineData("91 c1")]
    [InlineData("91 06 06")]
    [InlineData("92 08 a1 31")]
    [InlineData("91 08")]
    [InlineData("92 07 05")]
    [InlineData("93 07 c0 c0")]
    [InlineData("93 05 c0 a1 31")]
    [InlineData("93 05 90 a1 31")]
    [InlineData("93 05 81 a1 31 05 a1 31")]
    [InlineData("93 05 81 05 a1 31 a1 31")]
    [InlineData("93 05 80 05")]
    [InlineData("93 05 80 c0")]
    [InlineData("93 05 80 a0")]
    [InlineData("92 05 80")]
    [InlineData("93 02 80 a1 31")]
    [InlineData("94 03 80 a1 31 04")]
    [InlineData("94 03 80 a1 31 03")]
    [InlineData("94 03 80 a1 31 01")]
    [InlineData("95 03 80 a1 31 01 05")]
    [InlineData("96 01 80 05 a1 74 91 01 90")]
    [InlineData("96 01 80 a1 31 c0 91 01 90")]
    [InlineData("96 01 80 a1 31 a0 91 01 90")]
    [InlineData("96 01 80 a1 31 a1 74 91 01 c0")]
    [InlineData("96 01 80 a1 31 a1 74 91 01 91 05")]
    [InlineData("96 01 80 a1 31 a1 74 91")]
    [InlineData("96 04 80 c0 a1 74 91 01 90")]
    [InlineData("94 01 80 a1 31 a1 74")]
    [InlineData("94 02 80 a1 31 dd ffffffff")]
    [InlineData("94 02 80 a1 31 df ffffffff")]
    [InlineData("94 02 80 a1 31 db ffffffff")]
    [InlineData("94 02 80 a1 31 c6 7fffffff")]
    [InlineData("94 02 80 a1 31 c9 ffffffff 01")]
    [InlineData("92 63 c4 05 00")]
    public void A_frame_that_is_not_a_hub_message_is_refused(string body)
    {
        var decode = () => Samples.Decode(Samples.Frame(body), OneInt);

        decode.Should().Throw<InvalidDataException>();
    }

    /// <summary>SignalR sends the text of a hub exception, and of no other.</summary>
    private static void TheReasonReachesThePeer(ExceptionDispatchInfo failure) =>
        RelayException.FromWire(failure.SourceException.Should().BeOfType<HubException>().Subject.Message).Code.Should().Be(RelayErrorCode.InvalidRequest);
}
