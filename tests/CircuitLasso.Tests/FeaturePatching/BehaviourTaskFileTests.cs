using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class BehaviourTaskFileTests
{
    [Fact]
    public void Answers_of_several_tokens_become_two_texts_whose_log_probabilities_are_summed()
    {
        string folder = SharedData.Require("stories260k");
        string file = SharedData.Require("agreement", "simple_train.json");
        using TransformerModel model = ModelCheckpoint.Load(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        BehaviourTask task = BehaviourTaskFile.Read(file, tokenizer, model, 30).Task;
        Assert.Equal(30, task.Pairs);
        IGrouping<int, BehaviourText>[] pairs = [.. task.Texts.GroupBy(text => text.Pair)];
        IGrouping<int, BehaviourText> two = pairs.First(pair => pair.Count() == 2);
        BehaviourText right = two.First();
        Assert.All(right.Terms, term => Assert.Equal(1, term.Weight));
        Assert.All(two.Last().Terms, term => Assert.Equal(-1, term.Weight));

        // The terms spell out the text that they belong to, token by token.
        for (int i = 0; i + 1 < right.Terms.Count; i++)
        {
            Assert.Equal(right.Terms[i].Token, right.Clean[right.Terms[i].Position + 1]);
        }

        Assert.Equal(right.Clean.Length - 1, right.Terms[^1].Position);
        double[] scores = task.Scores(model);
        using IDisposable mode = GradientMode.Disable();
        foreach (IGrouping<int, BehaviourText> pair in pairs)
        {
            using TensorScope scope = new();
            double expected = 0;
            foreach (BehaviourText text in pair)
            {
                float[] logProbabilities = model.Forward(new TokenBatch([text.Clean])).LogSoftmax().ToArray();
                expected += text.Terms.Sum(term => term.Weight * (double)logProbabilities[(term.Position * model.Description.OutputSize) + term.Token]);
            }

            Assert.Equal(expected, scores[pair.Key], 1e-3);
        }
    }

    [Fact]
    public void Pairs_that_cannot_be_used_are_counted_and_a_file_without_others_is_refused()
    {
        string folder = SharedData.Require("stories260k");
        using TransformerModel model = ModelCheckpoint.Load(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        using TemporaryFolder temporary = new();
        string path = temporary.PathOf("pairs.jsonl");
        const string Same = """{"clean_prefix": "The cat", "patch_prefix": "The cats", "clean_answer": " is", "patch_answer": " is"}""";
        File.WriteAllText(path, Same);
        Assert.Throws<InputException>(() => BehaviourTaskFile.Read(path, tokenizer, model));
        File.WriteAllText(path, Same + "\n" + """{"clean_prefix": "The dog was", "patch_prefix": "The cat was", "clean_answer": " happy", "patch_answer": " sad"}""");
        BehaviourTaskFile read = BehaviourTaskFile.Read(path, tokenizer, model);
        Assert.Equal(1, read.Task.Pairs);
        Assert.Contains("1 pairs are used", read.Message, StringComparison.Ordinal);
    }
}
