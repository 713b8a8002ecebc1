using Relay.Contracts;

namespace Relay.Client.Connections;

/// <summary>Addresses below the relay's own.</summary>
internal static class RelayUrls
{
    /// <summary>The relay's address with a slash at its end, so that a path prefix survives the joining of relative addresses.</summary>
    public static Uri Base(Uri url) => new(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");

    /// <summary>Where the hub is reached by WebSocket.</summary>
    public static Uri Hub(Uri url)
    {
        var hub = new UriBuilder(new Uri(Base(url), HubRoutes.Logs.TrimStart('/')));
        hub.Scheme = hub.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        return hub.Uri;
    }
}
