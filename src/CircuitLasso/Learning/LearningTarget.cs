using CircuitLasso.Regression;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>What a circuit explains, row by row: numbers, or classes.</summary>
public sealed record LearningTarget
{
    private LearningTarget(string name, string nodeName, CircuitNodeKind kind)
    {
        Name = name;
        NodeName = nodeName;
        Kind = kind;
    }

    /// <summary>What it is, as the user asked for it: <c>label</c>, <c>logprob</c>, <c>logitdiff:A,B</c>, ...</summary>
    public string Name { get; }

    /// <summary>The circuit's node: <c>logits</c> for the model's own behaviour, <c>y</c> for a label.</summary>
    public string NodeName { get; }

    /// <summary>The node's kind.</summary>
    public CircuitNodeKind Kind { get; }

    /// <summary>One number a row, or null.</summary>
    public double[]? Numbers { get; private init; }

    /// <summary>One class a row, or null.</summary>
    public int[]? Classes { get; private init; }

    /// <summary>The classes' names; empty for numbers.</summary>
    public IReadOnlyList<string> ClassNames { get; private init; } = [];

    /// <summary>Whether it is what the model says after a text's last position, which is then all of the last residual stream that it reads.</summary>
    public bool IsAtEnd { get; private init; }

    /// <summary>The same target with its rows in random order, so that nothing goes along with it but by chance.</summary>
    /// <param name="seed">Seed of the order.</param>
    public LearningTarget Shuffled(ulong seed) => Ordered(Permutation(RowCount, seed));

    /// <summary>The same of a store: where it has a row for every token, texts are shuffled whole, since tokens of a text go along with each other.</summary>
    /// <param name="seed">Seed of the order.</param>
    /// <param name="store">The store.</param>
    /// <exception cref="ArgumentException">The store has another number of rows.</exception>
    public LearningTarget Shuffled(ulong seed, ActivationStoreReader store)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (store.RowCount != RowCount)
        {
            throw new ArgumentException("The store has another number of rows.", nameof(store));
        }

        if (StoreTexts.Groups(store) is not { } texts)
        {
            return Shuffled(seed);
        }

        int[] placeOf = Permutation(texts.Count, seed);
        return Ordered([.. Enumerable.Range(0, RowCount).OrderBy(row => placeOf[texts.GroupOf(row)])]);
    }

    private int RowCount => Numbers?.Length ?? Classes!.Length;

    private LearningTarget Ordered(int[] order) => this with
    {
        Numbers = Numbers is { } numbers ? [.. order.Select(row => numbers[row])] : null,
        Classes = Classes is { } classes ? [.. order.Select(row => classes[row])] : null,
    };

    private static int[] Permutation(int count, ulong seed)
    {
        RandomSource random = new(seed);
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int other = random.NextInt32(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }

    /// <summary>A behaviour of the model.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="numbers">One number a row.</param>
    /// <param name="isAtEnd">Whether it is what the model says after a text's last position.</param>
    public static LearningTarget Behaviour(string name, double[] numbers, bool isAtEnd = false) => new(name, "logits", CircuitNodeKind.Logits) { Numbers = numbers, IsAtEnd = isAtEnd };

    /// <summary>A label of the text.</summary>
    public static LearningTarget Label(int[] classes, IReadOnlyList<string> classNames) => new("label", "y", CircuitNodeKind.Target) { Classes = classes, ClassNames = classNames };
}
