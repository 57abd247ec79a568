using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>Sizes of memory as people write them: 4GB, 512MB, 1.5GiB. GB are 10^9 bytes, GiB 2^30.</summary>
internal static class MemorySize
{
    private static readonly (string Suffix, double Bytes)[] _units =
    [
        ("TiB", 1L << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1),
    ];

    /// <summary>Parses a size; one without a unit is in bytes.</summary>
    /// <exception cref="InputException">It is no size.</exception>
    internal static long Parse(string option, string text)
    {
        (string suffix, double bytes) = Array.Find(_units, unit => text.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase));
        string number = suffix is null ? text : text[..^suffix.Length];
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && value * (suffix is null ? 1 : bytes) < long.MaxValue
            ? (long)(value * (suffix is null ? 1 : bytes))
            : throw new InputException(option, $"'{text}' is no size of memory", "give one such as 4GB or 512MB");
    }
}
