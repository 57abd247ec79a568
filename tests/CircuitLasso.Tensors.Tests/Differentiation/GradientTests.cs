namespace CircuitLasso.Tensors.Tests;

public sealed class GradientTests
{
    [Fact]
    public void Every_use_of_a_tensor_adds_to_its_gradient()
    {
        OperationCheck.Agrees(
            t =>
            {
                Tensor shared = t[0].Tanh();
                return shared.Multiply(shared).Add(shared).Add(t[0]).Subtract(shared.Reshape(3, 2).Transpose(0, 1));
            },
            t => Reference.Build([2, 3], i =>
            {
                double u = Math.Tanh(t[0][i]);
                return (u * u) + u + t[0][i] - Math.Tanh(t[0].Values[(i[1] * 2) + i[0]]);
            }),
            [Reference.Random(new Random(1), [2, 3])]);
    }

    [Fact]
    public void Gradients_of_residual_branches_do_not_share_memory()
    {
        using TensorScope scope = new();
        Tensor a = Leaf(1, 2);
        Tensor b = Leaf(3, 4);
        a.Add(b).Sum().Backward();
        Assert.Equal([1, 1], a.Gradient!.ToArray());
        a.Gradient.CopyFrom([5, 6]);
        Assert.Equal([1, 1], b.Gradient!.ToArray());
    }

    [Fact]
    public void Backward_passes_add_up_until_the_gradient_is_cleared()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        Tensor y = x.Multiply(x).Sum();
        y.Backward();
        y.Backward();
        Assert.Equal([4, 8], x.Gradient!.ToArray());
        x.ClearGradient();
        Assert.Null(x.Gradient);
        y.Backward();
        Assert.Equal([2, 4], x.Gradient!.ToArray());
    }

    [Fact]
    public void A_seed_weighs_the_elements()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        Tensor seed = Tensor.FromValues([10, 100], 2);
        x.Scale(3).Backward(seed);
        Assert.Equal([30, 300], x.Gradient!.ToArray());
        Assert.Equal([10, 100], seed.ToArray());
        Assert.Throws<ArgumentException>(() => x.Scale(3).Backward(Tensor.Zeros(1, 2)));
        Assert.Throws<InvalidOperationException>(() => x.Scale(3).Backward());
    }

    [Fact]
    public void Intermediate_tensors_retain_their_gradient_when_asked()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        Tensor hook = x.Scale(2);
        Tensor silent = hook.Scale(5);
        hook.RetainGradient();
        Tensor loss = silent.Add(hook).Sum();
        loss.RetainGradient();
        loss.Backward();
        Assert.Equal([6, 6], hook.Gradient!.ToArray());
        Assert.Equal([12, 12], x.Gradient!.ToArray());
        Assert.Equal(1, loss.Gradient!.Item());
        Assert.Null(silent.Gradient);
        Assert.Throws<InvalidOperationException>(() => Tensor.Zeros(1).RetainGradient());
    }

    [Fact]
    public void Only_inputs_that_require_a_gradient_get_one()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        Tensor constant = Tensor.FromValues([3, 4], 2);
        x.Multiply(constant).Sum().Backward();
        Assert.Equal([3, 4], x.Gradient!.ToArray());
        Assert.Null(constant.Gradient);
        Assert.Throws<InvalidOperationException>(() => constant.Scale(2).Sum().Backward());
    }

    [Fact]
    public void A_detached_tensor_is_a_leaf_of_its_own_that_shares_its_values()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        Tensor detached = x.Scale(2).Detach();
        Assert.False(detached.RequiresGradient);
        detached.RequiresGradient = true;
        detached.Multiply(detached).Sum().Backward();
        Assert.Equal([4, 8], detached.Gradient!.ToArray());
        Assert.Null(x.Gradient);
        Tensor computed = x.Scale(2);
        Assert.Throws<InvalidOperationException>(() => computed.RequiresGradient = false);
    }

    [Fact]
    public void Without_gradients_no_graph_is_kept()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        using (GradientMode.Disable())
        {
            IDisposable inner = GradientMode.Disable();
            inner.Dispose();
            inner.Dispose();
            Assert.False(GradientMode.IsEnabled);
            Assert.False(x.Scale(2).RequiresGradient);
        }

        Assert.True(GradientMode.IsEnabled);
        Assert.True(x.Scale(2).RequiresGradient);
    }

    [Fact]
    public void A_gradient_that_needs_overwritten_values_is_refused()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1, 2);
        Tensor y = x.Multiply(x).Sum();
        x.CopyFrom([3, 4]);
        Assert.Throws<InvalidOperationException>(() => y.Backward());
        Tensor z = x.Exp();
        z.Detach().CopyFrom([0, 0]);
        Assert.Throws<InvalidOperationException>(() => z.Sum().Backward());
    }

    [Fact]
    public void A_gradient_through_disposed_tensors_is_refused()
    {
        using TensorScope outer = new();
        Tensor x = Leaf(1, 2);
        Tensor y;
        using (TensorScope inner = new())
        {
            y = inner.Keep(x.Exp().Sum());
        }

        Assert.Throws<ObjectDisposedException>(() => y.Backward());
        Assert.Null(x.Gradient);
    }

    [Fact]
    public void A_long_chain_needs_no_stack()
    {
        using TensorScope scope = new();
        Tensor x = Leaf(1);
        Tensor y = x;
        for (int i = 0; i < 20_000; i++)
        {
            y = y.AddScalar(1);
        }

        y.Sum().Backward();
        Assert.Equal([1], x.Gradient!.ToArray());
    }

    private static Tensor Leaf(params ReadOnlySpan<float> values)
    {
        Tensor leaf = Tensor.FromValues(values, values.Length);
        leaf.RequiresGradient = true;
        return leaf;
    }
}
