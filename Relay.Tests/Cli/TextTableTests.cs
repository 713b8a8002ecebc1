using FluentAssertions;
using Relay.Cli.Tables;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class TextTableTests
{
    [Theory]
    [InlineData(null, "ID        SIZE  LABELS|nightly1     7  team=data,x=y")]
    [InlineData(29, "ID        SIZE  LABELS|nightly1     7  team=data,x=y")]
    [InlineData(24, "ID        SIZE  LABELS|nightly1     7  team=da…")]
    [InlineData(20, "ID        SIZE|nightly1     7")]
    [InlineData(13, "ID|nightly1")]
    [InlineData(6, "ID|night…")]
    [InlineData(0, "|")]
    public void Where_there_is_no_room_labels_go_first_then_columns_from_the_right_and_the_id_last(int? width, string lines)
    {
        var table = new TextTable(new TextColumn("ID"), new TextColumn("SIZE", IsNumber: true), new TextColumn("LABELS"));
        table.Add("nightly1", "7", "team=data,x=y");
        string.Join('|', table.Lines(width)).Should().Be(lines);
    }

    [Fact]
    public void Wide_characters_take_two_columns_and_combining_ones_none()
    {
        var table = new TextTable(new TextColumn("ID"), new TextColumn("N"));
        table.Add("日本", "1");
        table.Add("e\u0301tat", "2");
        table.Lines().Should().Equal("ID    N", "日本  1", "e\u0301tat  2");
        PlainText.Cut("日本語", 5).Should().Be("日本…");
    }

    [Theory]
    [InlineData("plain ä 日本 🚀", "plain ä 日本 🚀")]
    [InlineData("a\u001b[2Jb", @"a\u{1b}[2Jb")]
    [InlineData("a\u009bb", @"a\u{9b}b")]
    [InlineData("a\nb\tc", @"a\u{a}b\u{9}c")]
    [InlineData("\u202Etxt.exe\u2066", @"\u{202e}txt.exe\u{2066}")]
    [InlineData("a\u2028b\u200Bc", @"a\u{2028}b\u{200b}c")]
    public void What_is_not_seen_or_turns_the_writing_is_shown_by_its_number(string text, string shown) => PlainText.Escape(text).Should().Be(shown);
}
