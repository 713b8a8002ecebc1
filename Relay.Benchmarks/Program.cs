using System.CommandLine;
using Relay.Benchmarks;
using Relay.Benchmarks.Baselines;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Pages;
using Relay.Benchmarks.Pictures;

var quick = new Option<bool>("--quick") { Description = "A minute's look: one round, small sizes. Its figures are not worth keeping." };
var only = new Option<string[]>("--only") { Description = "Only these workloads, as W1,W3.", AllowMultipleArgumentsPerToken = true };
var rows = new Option<string[]>("--rows") { Description = "Only what has one of these in its name, as 'bare relay, chunks' large.", AllowMultipleArgumentsPerToken = true };
var rounds = new Option<int?>("--rounds") { Description = "How often each figure is measured, after a warm-up. Default 5; quick, 1." };
var json = new Option<FileInfo?>("--json") { Description = "Where to write every sample as JSON. Default: benchmarks.json in the temporary folder." };
var root = new RootCommand("Measures this relay beside a naive hub and a bare WebSocket relay, in one run.") { quick, only, rows, rounds, json };
root.SetAction((parsed, _) => Suite.RunAsync(
    parsed.GetValue(quick), [.. (parsed.GetValue(only) ?? []).SelectMany(ids => ids.Split(','))], parsed.GetValue(rows) ?? [], parsed.GetValue(rounds), parsed.GetValue(json)));

var lines = new Option<long>("--lines") { Description = "Lines of the log.", DefaultValueFactory = _ => 10_000_000 };
var rate = new Option<int>("--rate") { Description = "Lines per second that the page follows.", DefaultValueFactory = _ => 20_000 };
var seconds = new Option<int>("--seconds") { Description = "For how long it follows them.", DefaultValueFactory = _ => 30 };
var page = new Command("page", "Measures the log's page in Chromium.") { lines, rate, seconds, quick, json };
page.SetAction((parsed, _) => parsed.GetValue(quick)
    ? PageBenchmark.RunAsync(lines: 200_000, parsed.GetValue(rate), TimeSpan.FromSeconds(5), parsed.GetValue(json))
    : PageBenchmark.RunAsync(parsed.GetValue(lines), parsed.GetValue(rate), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(json)));
root.Add(page);

var folder = new Option<DirectoryInfo>("--out") { Description = "Where to put them.", DefaultValueFactory = _ => new DirectoryInfo("docs/images") };
var pictures = new Command("pictures", "Takes pictures of the pages, for the documentation.") { folder };
pictures.SetAction((parsed, _) => PictureBook.RunAsync(parsed.GetRequiredValue(folder)));
root.Add(pictures);

var role = new Argument<string>("role");
var port = new Argument<int>("port");
var serve = new Command("serve", "Is one of the baselines.") { role, port };
serve.Hidden = true;
serve.SetAction((parsed, _) => parsed.GetValue(role) switch
{
    BareContender.Role => BareRelay.RunAsync(parsed.GetValue(port), stores: false),
    BareContender.StoringRole => BareRelay.RunAsync(parsed.GetValue(port), stores: true),
    _ => NaiveHub.RunAsync(parsed.GetValue(port)),
});
root.Add(serve);
return await root.Parse(args).InvokeAsync();
