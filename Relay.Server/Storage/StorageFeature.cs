using Relay.Server.Storage.Embedded;

namespace Relay.Server.Storage;

internal static class StorageFeature
{
    public static IHostApplicationBuilder AddStorage(this IHostApplicationBuilder builder, RelayServerOptions relay)
    {
        builder.Services.AddOptions<StorageOptions>()
            .BindConfiguration(StorageOptions.Section)
            .Configure(options => options.DataFolder = Path.GetFullPath(relay.Data ?? (options.DataFolder.Length > 0 ? options.DataFolder : DefaultFolder())))
            .ValidateRange(options => options.FsyncInterval, "Storage:FsyncInterval", TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1))
            .ValidateRange(options => options.FsyncBytes, "Storage:FsyncBytes", 64L * 1024, 1024L * 1024 * 1024)
            .ValidateRange(options => options.SegmentBytes, "Storage:SegmentBytes", 64L * 1024, 1024L * 1024 * 1024)
            .ValidateRange(options => options.MaxSessionBytes, "Storage:MaxSessionBytes", 0, long.MaxValue)
            .ValidateRange(options => options.MaxTotalBytes, "Storage:MaxTotalBytes", 0, long.MaxValue)
            .ValidateRange(options => options.HotTailBytes, "Storage:HotTailBytes", 64 * 1024, 64 * 1024 * 1024)
            .ValidateRange(options => options.HotTotalBytes, "Storage:HotTotalBytes", 0, 64L * 1024 * 1024 * 1024)
            .ValidateRange(options => options.IdleAfter, "Storage:IdleAfter", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        builder.Services.AddSingleton<IFileSystem, LocalFileSystem>();
        builder.Services.AddSingleton<IFlusher, Flusher>();
        builder.Services.AddSingleton<ILogStore, EmbeddedLogStore>();
        return builder;
    }

    private static string DefaultFolder()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") == "true")
        {
            return "/data";
        }

        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return local.Length > 0 ? Path.Combine(local, "SparkLogRelay") : "data";
    }
}
