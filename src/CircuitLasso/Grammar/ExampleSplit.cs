namespace CircuitLasso;

/// <summary>Which examples to make: those whose prefix a training text may contain, those it never contains, or both.</summary>
public enum ExampleSplit
{
    /// <summary>Both kinds, as they come.</summary>
    All,

    /// <summary>Only examples whose prefix is not held out.</summary>
    Training,

    /// <summary>Only examples whose prefix is held out.</summary>
    HeldOut,
}
