namespace CircuitLasso.Tensors;

/// <summary>One backward pass: the gradients that have arrived so far, by tensor.</summary>
internal sealed class GradientFlow
{
    private readonly Dictionary<Tensor, TensorStorage> _gradients = [];

    private GradientFlow()
    {
    }

    /// <summary>Runs the pass from one tensor; takes over the reference to the seed.</summary>
    internal static void Run(Tensor root, TensorStorage seed)
    {
        if (!root.RequiresGradient)
        {
            seed.Release();
            throw new InvalidOperationException("Nothing that this tensor was computed from requires a gradient.");
        }

        GradientFlow flow = new();
        flow._gradients[root] = seed;
        try
        {
            foreach (Tensor tensor in Reachable(root))
            {
                flow.Visit(tensor);
            }
        }
        finally
        {
            foreach (TensorStorage storage in flow._gradients.Values)
            {
                storage.Release();
            }
        }
    }

    /// <summary>Whether the gradient of an input is wanted.</summary>
    internal static bool Needs(Tensor? input) => input is { RequiresGradient: true };

    /// <summary>Adds to the gradient of an input and takes over the reference to the storage. It may be shared: it is not written to while it is.</summary>
    internal void Add(Tensor input, TensorStorage gradient)
    {
        if (!_gradients.TryGetValue(input, out TensorStorage? present))
        {
            _gradients[input] = gradient;
            return;
        }

        if (present.IsShared && !gradient.IsShared)
        {
            (present, gradient) = (gradient, present);
            _gradients[input] = present;
        }

        present = Own(input, present);
        present.Backend.Accumulate(present, gradient, 1);
        gradient.Release();
    }

    /// <summary>The storage to write the gradient of an input to: overwrite it where <paramref name="isFresh"/>, otherwise add.</summary>
    internal TensorStorage Target(Tensor input, out bool isFresh)
    {
        isFresh = !_gradients.TryGetValue(input, out TensorStorage? present);
        if (isFresh)
        {
            return _gradients[input] = input.Backend.Allocate(input.Length, zeroed: false);
        }

        return Own(input, present!);
    }

    /// <summary>Like <see cref="Target"/>, cleared where it is new, so that the caller always adds.</summary>
    internal TensorStorage ZeroedTarget(Tensor input)
    {
        if (!_gradients.TryGetValue(input, out TensorStorage? present))
        {
            return _gradients[input] = input.Backend.Allocate(input.Length, zeroed: true);
        }

        return Own(input, present);
    }

    private static List<Tensor> Reachable(Tensor root)
    {
        HashSet<Tensor> seen = [root];
        List<Tensor> found = [root];
        for (int i = 0; i < found.Count; i++)
        {
            if (found[i].Node is not { } node)
            {
                continue;
            }

            foreach (Tensor? input in node.Inputs)
            {
                if (Needs(input) && seen.Add(input!))
                {
                    found.Add(input!);
                }
            }
        }

        // Leaves (no node) come last, in the order in which they were met.
        return [.. found.OrderByDescending(tensor => tensor.Node?.Order ?? 0)];
    }

    private TensorStorage Own(Tensor input, TensorStorage present)
    {
        if (!present.IsShared)
        {
            return present;
        }

        TensorStorage copy = present.Backend.Allocate(present.Length, zeroed: false);
        present.Backend.Affine(present, 1, 0, copy);
        present.Release();
        return _gradients[input] = copy;
    }

    private void Visit(Tensor tensor)
    {
        if (!_gradients.Remove(tensor, out TensorStorage? gradient))
        {
            return;
        }

        if (tensor.Node is not { } node)
        {
            tensor.TakeGradient(gradient);
            return;
        }

        try
        {
            if (tensor.RetainsGradient)
            {
                tensor.PublishGradient(gradient);
            }

            node.Backward(gradient, this);
        }
        finally
        {
            gradient.Release();
        }
    }
}
