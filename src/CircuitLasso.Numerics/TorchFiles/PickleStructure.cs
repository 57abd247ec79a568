namespace CircuitLasso.Numerics;

/// <summary>Checks that what a pickle made can be walked through: no cycle, no deep nesting, no small file that unfolds to something huge.</summary>
internal static class PickleStructure
{
    private const int MaximumDepth = 32;
    private const long MaximumUnfolded = 1 << 22;

    /// <summary>Refuses a value that contains itself, is nested deeper than 32 levels, or has more than four million parts when parts that are shared count wherever they are.</summary>
    public static void RequireTree(object? value, Func<string, InputException> bad) => Size(value, 0, new Dictionary<object, long>(ReferenceEqualityComparer.Instance), bad);

    // The depth is bounded, so recursion is; a part that was measured is not walked again.
    private static long Size(object? value, int depth, Dictionary<object, long> known, Func<string, InputException> bad)
    {
        IEnumerable<object?>? parts = value switch
        {
            List<object?> list => list,
            object?[] tuple => tuple,
            Dictionary<string, object?> dictionary => dictionary.Values,
            TorchObject { Attributes: { } attributes } => attributes.Values,
            PickleName or TorchStorage or NumPyScalarType or byte[] => throw bad("holds a name or a storage, a type or bytes where a value is expected"),
            _ => null,
        };
        if (parts is null)
        {
            return 1;
        }

        // A cycle is nesting without an end.
        if (depth >= MaximumDepth)
        {
            throw bad($"holds data that is nested deeper than {MaximumDepth} levels, or contains itself");
        }

        if (known.TryGetValue(value!, out long size))
        {
            return size;
        }

        size = 1;
        foreach (object? part in parts)
        {
            size += Size(part, depth + 1, known, bad);
            if (size > MaximumUnfolded)
            {
                throw bad("unfolds to more data than can be held here");
            }
        }

        known.Add(value!, size);
        return size;
    }
}
