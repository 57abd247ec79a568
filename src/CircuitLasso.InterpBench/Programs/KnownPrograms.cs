namespace CircuitLasso.InterpBench;

/// <summary>The programs inside this assembly: InterpBench's 16 synthetic cases and indirect object identification, in the project's own files. Thread-safe.</summary>
public static class KnownPrograms
{
    private static readonly string[] _ids = ["3", "4", "8", "11", "13", "18", "19", "20", "21", "26", "29", "33", "34", "35", "36", "37", "ioi"];
    private static readonly Lazy<IReadOnlyList<KnownProgram>> _all = new(() => Array.AsReadOnly([.. _ids.Select(Read)]));

    /// <summary>All programs, by the number of the case; indirect object identification (<c>ioi</c>) is the last.</summary>
    public static IReadOnlyList<KnownProgram> All => _all.Value;

    /// <summary>The program with an id, or null.</summary>
    /// <param name="id">A program's id: the number of the case, or <c>ioi</c>.</param>
    public static KnownProgram? Find(string id) => All.FirstOrDefault(program => program.Id == id);

    /// <summary>The bytes of a program's file; the caller disposes of the stream.</summary>
    /// <param name="id">A program's id.</param>
    /// <exception cref="ArgumentException">There is no such program.</exception>
    public static Stream OpenFile(string id) =>
        typeof(KnownPrograms).Assembly.GetManifestResourceStream($"CircuitLasso.InterpBench.Programs.{id}.json")
        ?? throw new ArgumentException($"There is no program '{id}'.", nameof(id));

    private static KnownProgram Read(string id)
    {
        using Stream stream = OpenFile(id);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return KnownProgram.Parse($"the embedded program {id}", bytes);
    }
}
