using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Xunit;

namespace Relay.Tests.Storage;

public sealed class ReadCursorTests
{
    private const long Largest = (1L << 53) - 1;

    [Fact]
    public void A_cursor_survives_its_way_through_a_client()
    {
        foreach (var cursor in new[] { default, new ReadCursor(1, 2, 3, 4, 5), new ReadCursor(Largest, int.MaxValue, Largest, Largest, Largest) })
        {
            var text = cursor.ToString();

            text.Should().MatchRegex("^[A-Za-z0-9_-]{1,64}$", "it stands in URLs and is at most 64 characters long");
            ReadCursor.Parse(text).Should().Be(cursor);
        }
    }

    [Fact]
    public void Cursors_of_different_places_differ()
    {
        var cursors = new[]
        {
            new ReadCursor(1, 1, 1, 1, 1), new ReadCursor(2, 1, 1, 1, 1), new ReadCursor(1, 2, 1, 1, 1), new ReadCursor(1, 1, 2, 1, 1),
            new ReadCursor(1, 1, 1, 2, 1), new ReadCursor(1, 1, 1, 1, 2),
        };

        cursors.Select(cursor => cursor.ToString()).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("not a cursor")]
    [InlineData("AAAA")]
    [InlineData("§§§§")]
    [InlineData("AQEAAAAAAAAAAgAAAAMAAAAAAAAABAAAAAAAAAAFAAAAAAAAAAAAAAA")]
    public void Anything_else_is_refused(string? text) => ShouldBeRefused(text);

    [Fact]
    public void A_cursor_with_any_character_changed_missing_or_added_is_refused()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var text = new ReadCursor(123_456_789_012, 3, 42, 100, 200).ToString();
        for (var i = 0; i < text.Length; i++)
        {
            ShouldBeRefused(text.Remove(i, 1));
            ShouldBeRefused(text.Insert(i, "A"));
            foreach (var other in alphabet.Where(c => c != text[i]))
            {
                // The last character has bits that no byte needs: what they say cannot matter.
                var changed = text[..i] + other + text[(i + 1)..];
                if (i < text.Length - 1)
                {
                    ShouldBeRefused(changed);
                }
            }
        }

        ShouldBeRefused(text + text);
        ShouldBeRefused(new string('A', 100_000));
    }

    private static void ShouldBeRefused(string? text)
    {
        var parse = () => ReadCursor.Parse(text);
        parse.Should().Throw<RelayException>(text).Which.Code.Should().Be(RelayErrorCode.InvalidCursor);
    }
}
