namespace CircuitLasso;

/// <summary>A rewrite rule. Variables are shared by both sides; the domain of one is a bit mask over value names common to its features.</summary>
internal sealed class GrammarRule
{
    /// <summary>The rule as it is written in the file, for messages.</summary>
    internal required string Text { get; init; }

    internal required int Weight { get; init; }

    internal required FeatureTerm[] Left { get; init; }

    internal required GrammarSymbol[] Right { get; init; }

    /// <summary>Per variable the value indices it may take; all features of one variable share their list of values.</summary>
    internal required int[] VariableValueCounts { get; init; }

    /// <summary>Which symbol of the right side holds the head word, or -1.</summary>
    internal required int HeadIndex { get; init; }

    /// <summary>Whether some call of the rule yields words; set when the grammar is compiled.</summary>
    internal bool IsUsed { get; set; }
}
