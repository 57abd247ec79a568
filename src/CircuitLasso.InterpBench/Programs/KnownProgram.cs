using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>
/// A program whose circuit is known: what it computes, where its variables live in the transformer that is trained to follow it, which edges the true
/// circuit has, and how the transformer is trained. Immutable and thread-safe. The format is described in docs/programs.md.
/// </summary>
public sealed class KnownProgram
{
    private const int MaximumBytes = 16 << 20;

    internal KnownProgram(ProgramRuntime runtime) => Runtime = runtime;

    /// <summary>Short name, <c>3</c> or <c>ioi</c>.</summary>
    public required string Id { get; init; }

    /// <summary>A longer name, <c>frac_prevs</c>; the same as <see cref="Id"/> where the file has none.</summary>
    public required string Name { get; init; }

    /// <summary>The file's own bytes, which tell this program from every other.</summary>
    public ReadOnlyMemory<byte> Json { get; internal init; }

    /// <summary>What the program does, in words; empty where the file does not say.</summary>
    public string Task { get; init; } = string.Empty;

    /// <summary>The words that a sequence is made of, in the order of their token ids; the beginning-of-sequence token is not among them.</summary>
    public required IReadOnlyList<ProgramValue> InputVocabulary { get; init; }

    /// <summary>Token id of each word's <see cref="ProgramValue.Text"/>, and of <c>BOS</c> (and <c>PAD</c> where the file has one; it never occurs).</summary>
    public required IReadOnlyDictionary<string, int> TokenIds { get; init; }

    /// <summary>Token id of the beginning-of-sequence token, which stands at position 0 of every sequence.</summary>
    public required int BeginningToken { get; init; }

    /// <summary>Number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Tokens of a full sequence, the beginning-of-sequence token counted.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Whether attention is causal, for the program's selectors and in the model.</summary>
    public required bool IsCausal { get; init; }

    /// <summary>Whether the output is a number, trained by squared error, and not a class, trained by cross-entropy.</summary>
    public required bool IsRegression { get; init; }

    /// <summary>The output's classes, null apart; empty for a regression.</summary>
    public required IReadOnlyList<ProgramValue> Classes { get; init; }

    /// <summary>Whether the output may be null: null is then a class of its own, the last one, <c>Classes.Count</c>.</summary>
    public required bool HasNullClass { get; init; }

    /// <summary>Width of the model's output: 1 for a regression, else the classes and the null class.</summary>
    public int OutputSize => IsRegression ? 1 : Classes.Count + (HasNullClass ? 1 : 0);

    /// <summary>The positions whose output counts in a full sequence: all but 0, or the last one alone.</summary>
    public required IReadOnlyList<int> ScoredPositions { get; init; }

    /// <summary>The variables in the order in which they are computed.</summary>
    public required IReadOnlyList<ProgramVariable> Variables { get; init; }

    /// <summary>The variable that the program puts out.</summary>
    public ProgramVariable Output => Runtime.Checked.Output;

    /// <summary>The transformer that is trained.</summary>
    public required LowLevelShape Shape { get; init; }

    /// <summary>How it is trained: what the file states, and the defaults of <see cref="SiitOptions"/> for the rest.</summary>
    public required SiitOptions Training { get; init; }

    /// <summary>The components of the true circuit in the order of computation, with what they write and read.</summary>
    public required IReadOnlyList<LayoutComponent> Layout { get; init; }

    /// <summary>The list from which interchange training draws uniformly; a component that writes several variables stands there several times.</summary>
    public required IReadOnlyList<InterchangeNode> InterchangeNodes { get; init; }

    /// <summary>The components outside the circuit, in the order of computation: swapping them must change nothing.</summary>
    public required IReadOnlyList<string> OutsideNodes { get; init; }

    /// <summary>The components of the model and the edges among them.</summary>
    public required ComponentGraph Graph { get; init; }

    /// <summary>The true edges by the flow of data: every real read.</summary>
    public required IReadOnlyList<KnownEdge> Truth { get; init; }

    /// <summary>The true edges by InterpBench's own rule, which drops some real reads.</summary>
    public required IReadOnlyList<KnownEdge> UpstreamTruth { get; init; }

    /// <summary>The candidate edges: all of <see cref="Graph"/> but input to logits, in its order.</summary>
    public IEnumerable<(string Source, string Target)> Universe =>
        Graph.Edges.Where(edge => edge.Source != 0 || edge.Target != Graph.Nodes.Count - 1).Select(edge => (Graph.Nodes[edge.Source].Name, Graph.Nodes[edge.Target].Name));

    internal ProgramRuntime Runtime { get; }

    /// <summary>Reads a program file.</summary>
    /// <param name="path">A JSON file with one program.</param>
    /// <exception cref="InputException">The file is missing, or is no sound program; the message names the node at fault.</exception>
    public static KnownProgram Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > MaximumBytes)
            {
                throw new InputException(path, $"is larger than the {MaximumBytes >> 20} MiB that a program may have", "give a program file");
            }

            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return Parse(path, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, "cannot be read: " + exception.Message.TrimEnd('.'), "give an existing program file", exception);
        }
    }

    /// <summary>Reads a program.</summary>
    /// <param name="name">What messages call it: the file, say.</param>
    /// <param name="utf8">One program as JSON.</param>
    /// <exception cref="InputException">It is no sound program; the message names the node at fault.</exception>
    public static KnownProgram Parse(string name, ReadOnlyMemory<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(name);
        return utf8.Length <= MaximumBytes
            ? KnownProgramReader.Read(name, utf8)
            : throw new InputException(name, $"is larger than the {MaximumBytes >> 20} MiB that a program may have", "give a program file");
    }

    /// <summary>Whether a component belongs to the circuit.</summary>
    /// <param name="component">A component's name.</param>
    public bool IsInCircuit(string component) => Runtime.VariablesOfComponent.ContainsKey(component);
}
