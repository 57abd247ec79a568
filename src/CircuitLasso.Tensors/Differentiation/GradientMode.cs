namespace CircuitLasso.Tensors;

/// <summary>Whether operations on this thread remember how their results were computed. On unless disabled.</summary>
public static class GradientMode
{
    [ThreadStatic]
    private static int _disabled;

    /// <summary>Whether operations on this thread keep a graph.</summary>
    public static bool IsEnabled => _disabled == 0;

    /// <summary>Switches gradients off on this thread until the result is disposed of (on the same thread); calls nest.</summary>
    public static IDisposable Disable()
    {
        _disabled++;
        return new Disabled();
    }

    internal static bool IsWanted(ReadOnlySpan<Tensor?> inputs)
    {
        if (!IsEnabled)
        {
            return false;
        }

        foreach (Tensor? input in inputs)
        {
            if (input is { RequiresGradient: true })
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Disabled : IDisposable
    {
        private bool _isDisposed;

        public void Dispose()
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _disabled--;
            }
        }
    }
}
