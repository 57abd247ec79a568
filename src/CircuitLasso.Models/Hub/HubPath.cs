using System.Buffers;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>The rule for paths that a server names and that become files here: they stay inside their folder and mean the same on every system.</summary>
internal static class HubPath
{
    private const int LongestPath = 1000;
    private const int LongestPart = 255;

    private static readonly SearchValues<char> _refused = SearchValues.Create("\\:*?\"<>|");
    private static readonly string[] _devices = ["CON", "PRN", "AUX", "NUL"];

    /// <summary>What is wrong with a path whose parts are separated by '/', or null.</summary>
    public static string? Problem(string path)
    {
        if (path.Length is 0 or > LongestPath)
        {
            return "is empty or too long";
        }

        if (path.Any(char.IsControl) || path.AsSpan().ContainsAny(_refused))
        {
            return "has a character that not every system allows in names";
        }

        foreach (string part in path.Split('/'))
        {
            if (part.Length == 0 || part is "." or "..")
            {
                return "leads out of its folder";
            }

            if (Encoding.UTF8.GetByteCount(part) > LongestPart || part[^1] is '.' or ' ' || IsDevice(part))
            {
                return "is a name that not every system allows";
            }
        }

        return null;
    }

    // Windows takes these names, with any extension, for devices.
    private static bool IsDevice(string part)
    {
        string stem = part.Split('.')[0].TrimEnd(' ').ToUpperInvariant();
        return _devices.Contains(stem) || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal)) && stem[3] is >= '1' and <= '9');
    }
}
