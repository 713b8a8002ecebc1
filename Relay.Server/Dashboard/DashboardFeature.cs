using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Relay.Server.Dashboard;

/// <summary>Serves the pages that are built from the sources beside this file.</summary>
internal static class DashboardFeature
{
    /// <summary>The pages have their scripts and styles in files of their own, speak to this relay only, and make no markup of text.</summary>
    public const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'; "
        + "require-trusted-types-for 'script'";

    private const string Base = "<base href=\"/\" />";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "wwwroot");

    private static readonly FileExtensionContentTypeProvider Types = new();

    public static void MapDashboard(this WebApplication app, RelayServerOptions relay)
    {
        foreach (var route in new[] { "/", "/s/{id}" })
        {
            app.MapGet(route, (HttpResponse response) =>
            {
                response.Headers.ContentSecurityPolicy = PagePolicy;
                response.Headers.CacheControl = "no-cache"; // It names the scripts of this very build.
                return Page(relay.PathBase);
            }).AllowAnonymous().ExcludeFromDescription(); // Pages hold nothing: what they show they ask for, with a token.
        }

        app.MapGet("/assets/{file}", (HttpResponse response, string file) => Send(response, Path.Combine("assets", Path.GetFileName(file)), "public, max-age=31536000, immutable"))
            .AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/icon.svg", (HttpResponse response) => Send(response, "icon.svg", "public, max-age=3600")).AllowAnonymous().ExcludeFromDescription();
    }

    private static IResult Send(HttpResponse response, string name, string caching)
    {
        var file = new FileInfo(Path.Combine(Folder, name));
        if (!file.Exists || !Types.TryGetContentType(name, out var type))
        {
            return TypedResults.NotFound();
        }

        response.Headers.CacheControl = caching;
        return TypedResults.PhysicalFile(file.FullName, type, lastModified: new DateTimeOffset(file.LastWriteTimeUtc), entityTag: new EntityTagHeaderValue($"\"{file.LastWriteTimeUtc.Ticks:x}-{file.Length:x}\""));
    }

    /// <summary>The page, told where it stands: it may be below a path, and its own addresses are relative.</summary>
    private static ContentHttpResult Page(string pathBase)
    {
        var file = Path.Combine(Folder, "index.html");
        return File.Exists(file)
            ? TypedResults.Content(File.ReadAllText(file).Replace(Base, $"<base href=\"{HtmlEncoder.Default.Encode(pathBase)}/\" />", StringComparison.Ordinal), "text/html; charset=utf-8")
            : TypedResults.Text("This relay was built without its pages (-p:Dashboard=false). Its API is described at /docs.", "text/plain", statusCode: StatusCodes.Status404NotFound);
    }
}
