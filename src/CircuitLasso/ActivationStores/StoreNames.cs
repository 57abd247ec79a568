namespace CircuitLasso;

/// <summary>Names of files and tensors of a store, and which names it may hold.</summary>
internal static class StoreNames
{
    public const string Manifest = "manifest.json";
    public const string Constants = "constants.safetensors";
    public const string Lock = ".lock";
    public const string RowText = "row.text";
    public const string RowLength = "row.length";
    public const string RowLabel = "row.label";
    public const string RowPosition = "row.position";
    public const string RowToken = "row.token";
    public const string IndptrSuffix = ".indptr";
    public const string IndicesSuffix = ".indices";
    public const string ValuesSuffix = ".values";
    private const string RowPrefix = "row.";
    private const string TargetPrefix = "target.";
    private const string ShardPrefix = "shard-";
    private const string ShardSuffix = ".safetensors";
    private const int LongestName = 200;

    private static readonly string[] _suffixes = [IndptrSuffix, IndicesSuffix, ValuesSuffix];

    public static string Target(string name) => TargetPrefix + name;

    public static string Shard(int index) => $"{ShardPrefix}{index:D5}{ShardSuffix}";

    /// <summary>Whether a file is one that a writer that died before the manifest may have left.</summary>
    public static bool IsLeftoverOfBeginning(string file) => file == Constants || IsTemporary(file);

    /// <summary>Whether a file is one that a writer that died may have left without recording it in the manifest.</summary>
    public static bool IsLeftover(string file) => file == Constants || IsShard(file) || IsTemporary(file);

    /// <summary>A name that every file system holds, and that cannot lead out of the folder.</summary>
    public static bool IsPlainFileName(string name) =>
        name.Length is > 0 and <= LongestName && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public static bool IsSiteName(string name) =>
        name.Length is > 0 and <= LongestName
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        && !name.StartsWith(RowPrefix, StringComparison.Ordinal)
        && !name.StartsWith(TargetPrefix, StringComparison.Ordinal)
        && !_suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    public static bool IsTargetName(string name) => name.Length is > 0 and <= LongestName && !name.Any(char.IsControl);

    private static bool IsShard(string file) =>
        file.Length >= ShardPrefix.Length + 5 + ShardSuffix.Length
        && file.StartsWith(ShardPrefix, StringComparison.Ordinal)
        && file.EndsWith(ShardSuffix, StringComparison.Ordinal)
        && file[ShardPrefix.Length..^ShardSuffix.Length].All(char.IsAsciiDigit);

    // What an atomic write calls its file until it is whole: .NAME.RANDOM.tmp, where RANDOM has a dot of its own.
    private static bool IsTemporary(string file) =>
        file.StartsWith('.') && file.Split('.') is [_, .. string[] name, _, _, "tmp"] && string.Join('.', name) is var whole
        && (whole is Manifest or Constants || IsShard(whole));
}
