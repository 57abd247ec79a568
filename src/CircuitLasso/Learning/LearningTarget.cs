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

    /// <summary>A behaviour of the model.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="numbers">One number a row.</param>
    /// <param name="isAtEnd">Whether it is what the model says after a text's last position.</param>
    public static LearningTarget Behaviour(string name, double[] numbers, bool isAtEnd = false) => new(name, "logits", CircuitNodeKind.Logits) { Numbers = numbers, IsAtEnd = isAtEnd };

    /// <summary>A label of the text.</summary>
    public static LearningTarget Label(int[] classes, IReadOnlyList<string> classNames) => new("label", "y", CircuitNodeKind.Target) { Classes = classes, ClassNames = classNames };
}
