using System.Buffers;
using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

public sealed class HubProtocolRoundTripTests
{
    public static TheoryData<string> Names => Samples.Names;

    [Fact]
    public void It_is_the_published_protocol()
    {
        Samples.Protocol.Name.Should().Be("messagepack");
        Samples.Protocol.Version.Should().Be(2);
        Samples.Protocol.TransferFormat.Should().Be(TransferFormat.Binary);
        Enumerable.Range(0, 4).Where(Samples.Protocol.IsVersionSupported).Should().Equal(1, 2);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_message_carries_every_value(string name)
    {
        var value = Samples.Values[name];
        foreach (var message in Samples.MessagesWith(value))
        {
            var decoded = Samples.Decode(Samples.Encode(message), Binder.For(value));

            Samples.Describe(decoded).Should().Be(Samples.Describe(message));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_ways_of_writing_give_the_same_bytes_in_one_span(string name)
    {
        foreach (var message in Samples.MessagesWith(Samples.Values[name]))
        {
            var output = new CountingWriter();

            Samples.Protocol.WriteMessage(message, output);

            output.Written.Should().Equal(Samples.Encode(message));
            output.Advances.Should().Be(1);
        }
    }

    [Fact]
    public void Null_crosses_as_nil()
    {
        foreach (var type in new[] { typeof(string), typeof(byte[]), typeof(object) })
        {
            var item = (StreamItemMessage)Samples.Decode(Samples.Encode(new StreamItemMessage("1", null)), new Binder(type));

            item.Item.Should().BeNull();
        }
    }

    [Fact]
    public void Decoded_data_stays_when_the_receive_buffer_is_used_again()
    {
        var frame = Samples.Encode(new StreamItemMessage("1", new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stdout, Data = new byte[] { 1, 2, 3 } }));

        var item = (StreamItemMessage)Samples.Decode(frame, new Binder(typeof(WriteItem)));
        Array.Clear(frame);

        ((WriteItem)item.Item!).Data.ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public void A_value_outside_the_contract_is_refused_when_it_is_written()
    {
        var write = () => Samples.Encode(new StreamItemMessage("1", new Uri("http://relay/")));

        write.Should().Throw<NotSupportedException>().WithMessage("*System.Uri*");
    }

    private sealed class CountingWriter : IBufferWriter<byte>
    {
        private readonly ArrayBufferWriter<byte> _inner = new();

        public int Advances { get; private set; }

        public byte[] Written => _inner.WrittenSpan.ToArray();

        public void Advance(int count)
        {
            Advances++;
            _inner.Advance(count);
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);
    }
}
