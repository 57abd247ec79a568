using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CircuitLasso.Testing;

namespace CircuitLasso.Tensors.Tests;

[Collection(ThreadCount.Collection)]
public sealed class DeterminismTests
{
    private const string Expected = "CIRCUITLASSO_TEST_EXPECTED_BYTES";

    [Fact]
    public void Values_and_gradients_do_not_depend_on_the_number_of_threads()
    {
        // Large enough for several tasks in every operation.
        byte[] Run() => Bytes(600, withProducts: true);
        byte[] one = ThreadCount.With(1, Run);
        Assert.Equal(one, ThreadCount.With(2, Run));
        Assert.Equal(one, ThreadCount.With(5, Run));
    }

    /// <summary>In a child process, compares with the bytes of the parent; the first process has nothing to compare with but itself.</summary>
    [Fact]
    public void Everything_but_matrix_products_gives_the_bytes_asked_for()
    {
        Assert.True(InstructionSets.SwitchWorks());
        string bytes = Convert.ToHexString(Bytes(33, withProducts: false));
        Assert.Equal(Environment.GetEnvironmentVariable(Expected) ?? bytes, bytes);
    }

    [Fact]
    public void Everything_but_matrix_products_gives_the_same_bytes_on_every_instruction_set()
    {
        // Children inherit the variable.
        Environment.SetEnvironmentVariable(Expected, Convert.ToHexString(Bytes(33, withProducts: false)));
        try
        {
            InstructionSets.RunWithEach(typeof(DeterminismTests), nameof(Everything_but_matrix_products_gives_the_bytes_asked_for));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Expected, null);
        }
    }

    /// <summary>A digest of the results and gradients of all kinds of operations.</summary>
    private static byte[] Bytes(int rows, bool withProducts)
    {
        using TensorScope scope = new();
        const int Width = 76;
        RandomSource random = new(5);
        Tensor x = Leaf(rows, Width);
        Tensor gain = Leaf(Width);
        Tensor bias = Leaf(Width);
        Tensor table = Leaf(11, Width);
        Tensor weight = Leaf(Width, Width);
        int[] ids = [.. Enumerable.Range(0, rows).Select(i => i * i % 11)];
        Tensor h = x.LayerNorm(gain, bias, 1e-5f).Add(table.Embedding(ids, rows)).RmsNorm(gain, 1e-6f, 1);
        h = withProducts ? h.Linear(weight, bias, false).Add(h.Linear(weight, null, true)) : h.Multiply(bias).Add(weight.Sum(0));
        Tensor heads = h.Reshape(1, rows, 2, 38);
        heads = heads.Rotary([.. Enumerable.Range(0, rows)], RotaryFrequencies.FromBase(36, 50));
        if (withProducts)
        {
            heads = heads.AttentionScores(heads, 0.5f).SoftCap(20).AttentionPattern(new AttentionMask { Causal = true, Lengths = [rows - 1] }).AttentionMix(heads);
            heads = heads.Add(heads.Attention(heads, heads, 0.5f, new AttentionMask { Causal = true, Lengths = [rows - 1] }, 20));
        }

        Tensor g = heads.Reshape(rows, Width);
        Tensor y = g.Gelu().Add(g.GeluTanh()).Add(g.Silu().Multiply(g.Tanh())).Subtract(g.Scale(0.1f).Exp().SoftCap(2)).Add(g.Softmax()).Add(g.Sigmoid());
        Tensor loss = y.CrossEntropy([.. ids.Select(id => id % 3 == 0 ? -1 : id)]).Add(y.LogSoftmax().Mean()).Add(y.Transpose(0, 1).Maximum(0).Sum().Scale(1e-3f));
        loss.Backward();
        Tensor[] leaves = withProducts ? [x, gain, bias, table, weight] : [x, gain, bias, table];
        GradientNorm.Clip(leaves, 1e-3);
        Tensor[] gradients = [.. leaves.Select(leaf => leaf.Gradient!.Clone())];
        using AdamW optimiser = new();
        Array.ForEach(leaves, leaf => optimiser.Add(leaf));
        optimiser.Step(0.1f);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor tensor in (Tensor[])[y, loss, .. gradients, .. leaves])
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(tensor.ToArray()));
        }

        return hash.GetHashAndReset();

        Tensor Leaf(params ReadOnlySpan<int> shape)
        {
            Tensor leaf = random.NormalTensor(0.7f, shape);
            leaf.RequiresGradient = true;
            return leaf;
        }
    }
}
