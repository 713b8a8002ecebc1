using System.Net;

namespace Relay.Server.Security;

/// <summary>A set of addresses.</summary>
internal sealed class NetworkList
{
    private readonly List<IPNetwork> _networks = [];

    /// <summary>Empty when there are none.</summary>
    public IReadOnlyList<IPNetwork> Networks => _networks;

    /// <param name="text">Addresses and CIDR blocks, separated by commas or blanks; <c>loopback</c>, <c>none</c>.</param>
    /// <param name="option">What it was given as, for the faults.</param>
    /// <param name="faults">Receives a line for each part that is neither.</param>
    public static NetworkList Parse(string text, string option, List<string> faults)
    {
        var list = new NetworkList();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (part == "loopback")
            {
                list._networks.AddRange([IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")]);
            }
            else if (IPAddress.TryParse(part, out var address) && IsWhole(part))
            {
                list._networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else if (IPNetwork.TryParse(part, out var network))
            {
                list._networks.Add(network);
            }
            else if (part != "none")
            {
                faults.Add($"{option} must be addresses and networks such as 10.0.0.7,192.168.0.0/16, 'loopback' or 'none'; '{part}' is none of these.");
            }
        }

        return list;
    }

    // .NET takes 10 for 0.0.0.10.
    private static bool IsWhole(string address) => address.Contains(':', StringComparison.Ordinal) || address.Count(c => c == '.') == 3;

    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _networks.Exists(network => network.Contains(plain));
    }

    public override string ToString() => _networks.Count == 0 ? "none" : string.Join(", ", _networks);
}
