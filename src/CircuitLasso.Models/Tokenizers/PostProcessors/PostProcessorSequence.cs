namespace CircuitLasso.Models;

/// <summary>Several post-processors, each around the result of the one before it (type "Sequence").</summary>
internal sealed class PostProcessorSequence(IReadOnlyList<IPostProcessor> processors) : IPostProcessor
{
    /// <inheritdoc/>
    public IReadOnlyList<int> Before { get; } = [.. processors.Reverse().SelectMany(processor => processor.Before)];

    /// <inheritdoc/>
    public IReadOnlyList<int> After { get; } = [.. processors.SelectMany(processor => processor.After)];

    /// <summary>Reads the component.</summary>
    public static IPostProcessor Read(JsonSection component) =>
        new PostProcessorSequence([.. component.Required("processors").Items().Select(TokenizerComponents.ReadPostProcessor)]);
}
