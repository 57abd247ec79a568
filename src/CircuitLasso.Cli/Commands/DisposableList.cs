namespace CircuitLasso.Cli;

/// <summary>Things to dispose of together.</summary>
internal sealed class DisposableList : IDisposable
{
    private readonly List<IDisposable> _items = [];

    /// <summary>Takes one over.</summary>
    internal T Add<T>(T item)
        where T : IDisposable
    {
        _items.Add(item);
        return item;
    }

    public void Dispose() => _items.ForEach(item => item.Dispose());
}
