using System.Net;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.Extensions.Options;
using Relay.Contracts;

namespace Relay.Server.Security;

/// <summary>How often one may ask for what costs something. A refusal is cheap: nothing was looked up for it.</summary>
internal sealed class RateLimits(IOptions<LimitOptions> options, TimeProvider time, Refusals refusals)
{
    private readonly RateMeter _creates = new(options.Value.CreatesPerSecond, options.Value.CreateBurst, time);
    private readonly RateMeter _connects = new(options.Value.ConnectsPerSecond, options.Value.ConnectBurst, time);
    private readonly RateMeter _failures = new(options.Value.FailedAuthPerMinute / 60.0, options.Value.FailedAuthPerMinute, time);

    /// <exception cref="TooManyRequestsException">The caller, or its address, creates too often.</exception>
    public void Create(HttpContext context) => Take(_creates, context, "creations", "Limits:CreatesPerSecond");

    /// <exception cref="TooManyRequestsException">The caller, or its address, connects too often.</exception>
    public void Connect(HttpContext context) => Take(_connects, context, "connects", "Limits:ConnectsPerSecond");

    /// <summary>Counts a token that was refused.</summary>
    /// <returns>What the caller is told instead, once there are too many.</returns>
    public TooManyRequestsException? Fail(IPAddress? address)
    {
        var place = Caller.PlaceOf(address);
        return _failures.Take(place) is var wait && wait > TimeSpan.Zero
            ? Refuse(wait, place, "refused tokens", $"Too many tokens were refused from {place} (Limits:FailedAuthPerMinute). A right one passes at any time.")
            : null;
    }

    private void Take(RateMeter meter, HttpContext context, string what, string setting)
    {
        var place = Caller.PlaceOf(context.Connection.RemoteIpAddress);
        // Strangers have no key in common: one of them must not use up what another may do.
        var wait = Caller.Of(context.User) is { IsAnonymous: false } caller ? meter.Take(place, caller.LimitName) : meter.Take(place);
        if (wait > TimeSpan.Zero)
        {
            throw Refuse(wait, place, what, $"Too many {what} with this token or from {place} ({setting}). Come again when Retry-After says so.");
        }
    }

    private TooManyRequestsException Refuse(TimeSpan wait, string place, string what, string detail)
    {
        refusals.Note(what, place);
        return new TooManyRequestsException(wait, detail);
    }
}

/// <summary>Something that is done no oftener than <c>Limits:CreatesPerSecond</c> or <c>Limits:ConnectsPerSecond</c> says.</summary>
internal enum Rate
{
    Create,
    Connect,
}

/// <summary>The rate of a route.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RatedAttribute(Rate rate) : Attribute
{
    public Rate Rate { get; } = rate;
}

/// <summary>Holds requests to their rates, before anything else is done for them.</summary>
internal sealed class RateMiddleware(RequestDelegate next, RateLimits rates)
{
    public Task InvokeAsync(HttpContext context)
    {
        switch (RateOf(context))
        {
            case Rate.Create:
                rates.Create(context);
                break;
            case Rate.Connect:
                rates.Connect(context);
                break;
        }

        return next(context);
    }

    private static Rate? RateOf(HttpContext context) =>
        context.GetEndpoint() is not { } endpoint ? null
        : endpoint.Metadata.GetMetadata<RatedAttribute>() is { } rated ? rated.Rate
        : WebSocketLimit.IsHandshake(context) || endpoint.Metadata.GetMetadata<NegotiateMetadata>() is not null || IsFollowed(context.Request) ? Rate.Connect
        : null;

    private static bool IsFollowed(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Query.ContainsKey("follow");
}
