namespace CircuitLasso.Tensors.Tests;

public sealed class TensorScopeTests
{
    [Fact]
    public void Temporaries_end_with_their_scope_and_kept_tensors_with_the_next()
    {
        Tensor temporary;
        Tensor kept;
        Tensor free;
        using (TensorScope outer = new())
        {
            using (TensorScope inner = new())
            {
                temporary = Tensor.Scalar(1);
                kept = inner.Keep(Tensor.Scalar(2));
                free = outer.Keep(inner.Keep(Tensor.Scalar(3)));
            }

            Assert.True(temporary.IsDisposed);
            Assert.Equal(2, kept.Item());
        }

        Assert.True(kept.IsDisposed);
        Assert.Equal(3, free.Item());
        free.Dispose();
    }

    [Fact]
    public void Tensors_of_other_scopes_are_left_alone()
    {
        using Tensor before = Tensor.Scalar(1);
        using (TensorScope outer = new())
        {
            Tensor outside = Tensor.Scalar(2);
            using (TensorScope inner = new())
            {
                Assert.Same(before, inner.Keep(before));
                Assert.Same(outside, inner.Keep(outside));
                Tensor early = Tensor.Scalar(3);
                early.Dispose();
            }

            Assert.Equal(2, outside.Item());
        }

        Assert.Equal(1, before.Item());
    }

    [Fact]
    public void Gradients_of_outer_leaves_outlive_the_scope()
    {
        using Tensor leaf = Tensor.Scalar(3);
        leaf.RequiresGradient = true;
        using (TensorScope scope = new())
        {
            leaf.Multiply(leaf).Backward();
        }

        Assert.Equal(6, leaf.Gradient!.Item());
    }

    [Fact]
    public void Scopes_end_innermost_first_and_on_their_own_thread()
    {
        TensorScope outer = new();
        TensorScope inner = new();
        Assert.Throws<InvalidOperationException>(outer.Dispose);
        InvalidOperationException? elsewhere = null;
        Thread thread = new(() => elsewhere = Assert.Throws<InvalidOperationException>(inner.Dispose));
        thread.Start();
        thread.Join();
        Assert.NotNull(elsewhere);
        inner.Dispose();
        inner.Dispose();
        outer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => outer.Keep(Tensor.Scalar(1)));
    }

    [Fact]
    public void A_scope_is_that_of_one_thread()
    {
        using TensorScope scope = new();
        Tensor? made = null;
        Thread thread = new(() => made = Tensor.Scalar(4));
        thread.Start();
        thread.Join();
        scope.Dispose();
        Assert.Equal(4, made!.Item());
        made.Dispose();
    }
}
