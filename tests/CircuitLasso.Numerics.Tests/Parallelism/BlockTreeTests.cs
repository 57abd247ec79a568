namespace CircuitLasso.Numerics.Tests;

public sealed class BlockTreeTests
{
    [Fact]
    public void Blocks_are_merged_along_the_binary_tree_of_their_indices()
    {
        string[] expected = ["0", "(0+1)", "((0+1)+2)", "((0+1)+(2+3))", "(((0+1)+(2+3))+4)", "(((0+1)+(2+3))+(4+5))", "(((0+1)+(2+3))+((4+5)+6))"];
        for (int count = 1; count <= expected.Length; count++)
        {
            Assert.Equal(expected[count - 1], Fill(Shape(0), count).Finish());
        }
    }

    [Fact]
    public void Any_sharding_gives_the_same_tree()
    {
        for (int blocks = 1; blocks <= 13; blocks++)
        {
            string whole = Fill(Shape(0), blocks).Finish();
            for (int first = 0; first <= blocks; first++)
            {
                for (int second = first; second <= blocks; second++)
                {
                    BlockTree<string> tree = Fill(Shape(0), first);
                    tree.Append(Fill(Shape(first), second - first));
                    tree.Append(Fill(Shape(second), blocks - second));
                    Assert.Equal(blocks, tree.NextBlock);
                    Assert.Equal(whole, tree.Finish());
                }
            }
        }
    }

    [Fact]
    public void It_holds_one_partial_result_per_level()
    {
        BlockTree<string> tree = Fill(Shape(0), 1023);
        Assert.Equal(10, tree.Partials.Count());
        tree.Add("last");
        Assert.Single(tree.Partials);
    }

    [Fact]
    public void A_shard_that_does_not_follow_is_refused()
    {
        BlockTree<string> tree = Fill(Shape(0), 3);
        Assert.Throws<ArgumentException>(() => tree.Append(Fill(Shape(4), 1)));
        Assert.Throws<ArgumentException>(() => tree.Append(tree));
        Assert.Throws<ArgumentOutOfRangeException>(() => Shape(-1));
        Assert.Throws<InvalidOperationException>(() => Shape(0).Finish());
    }

    private static BlockTree<string> Shape(long firstBlock) => new((left, right) => $"({left}+{right})", firstBlock);

    private static BlockTree<string> Fill(BlockTree<string> tree, int count)
    {
        for (int i = 0; i < count; i++)
        {
            tree.Add(tree.NextBlock.ToString());
        }

        return tree;
    }
}
