using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class TaskFileTests
{
    private const string Agreement =
        """
        {"clean_prefix": "the cat near", "patch_prefix": "the cats near", "clean_answer": " runs", "patch_answer": " run", "case": "x"}

        {"clean_prefix": "the dog", "patch_prefix": "the cats near", "clean_answer": " runs", "patch_answer": " run"}
        {"clean_prefix": "the dog", "patch_prefix": "the cats", "clean_answer": " runs fast", "patch_answer": " run"}
        {"clean_prefix": "cat", "patch_prefix": "dog", "clean_answer": "us", "patch_answer": "us"}
        {"clean_prefix": "the the the the the the the the the the the the", "patch_prefix": "cat cat cat cat cat cat cat cat cat cat cat cat", "clean_answer": "us", "patch_answer": "run"}
        {"clean_prefix": "the cats", "patch_prefix": "the cat", "clean_answer": " run", "patch_answer": " runs"}
        """;

    private const string Ioi =
        """
        {"word_idxs": {"IO": 2}, "prompts": [
          {"clean": "the cat sees", "corrupt": "the dog sees", "answers": [" us"], "wrong_answers": [" tree"]},
          {"clean": "the cat", "corrupt": "the cat sees", "answers": [" us"], "wrong_answers": [" tree"]}]}
        """;

    [Fact]
    public void Agreement_pairs_become_a_task_and_what_cannot_be_used_is_counted()
    {
        using TinyLanguageModel tiny = new();
        TaskFile file = TaskFile.Read(Write(tiny, Agreement), tiny.Tokenizer, tiny.Model);
        Assert.Equal([[1, 2, 3, 5], [1, 2, 4]], file.Task.Clean);
        Assert.Equal([[1, 2, 4, 5], [1, 2, 3]], file.Task.Corrupt);
        Assert.Equal([[7], [8]], file.Task.Classes);
        Assert.Equal([[8], [7]], file.Task.WrongClasses);
        Assert.Equal([[3], [2]], file.Task.ScoredPositions);
        Assert.Equal(TaskMetric.LogitDifference, file.Task.Metric);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Agreement))), file.Sha256);
        Assert.Equal((1, 2, 1), (file.UnequalPairs, file.UnspeakablePairs, file.TooLongPairs));
        Assert.Equal(
            "2 pairs are used; left out: 1 with texts of unequal length in tokens, 2 with answers that are not two different single tokens, 1 longer than the model's positions",
            file.Message);
        Assert.Equal(1, TaskFile.Read(Write(tiny, Agreement), tiny.Tokenizer, tiny.Model, maximumPairs: 1).Task.Count);
    }

    [Fact]
    public void Ioi_prompts_become_a_task()
    {
        using TinyLanguageModel tiny = new(beginningToken: false);
        TaskFile file = TaskFile.Read(Write(tiny, "\uFEFF" + Ioi), tiny.Tokenizer, tiny.Model);
        Assert.Equal([[2, 3, 11]], file.Task.Clean);
        Assert.Equal([[2, 10, 11]], file.Task.Corrupt);
        Assert.Equal([[12]], file.Task.Classes);
        Assert.Equal([[6]], file.Task.WrongClasses);
        Assert.Equal(1, file.UnequalPairs);
        Assert.Equal("task", file.Task.Name);
    }

    [Theory]
    [InlineData("", "holds no pair of texts")]
    [InlineData("nonsense", "is neither a JSON object with \"prompts\" nor one JSON object a line")]
    [InlineData("[1]", "line 1 is not a JSON object")]
    [InlineData("{\"prompts\": 3}", "\"prompts\" is not a list")]
    [InlineData("{\"prompts\": [{\"clean\": \"a\"}]}", "prompt 0 has no \"corrupt\"")]
    [InlineData("{\"prompts\": [{\"clean\": \"a\", \"corrupt\": \"b\", \"answers\": [\"c\", \"d\"], \"wrong_answers\": [\"e\"]}]}", "prompt 0 has no list \"answers\" of one text")]
    [InlineData("{\"clean_prefix\": 1}", "line 1 has a \"clean_prefix\" that is no text")]
    [InlineData("{\"clean_prefix\": \"\\ud800\"}", "line 1 has a \"clean_prefix\" that is not valid Unicode")]
    [InlineData("{\"clean_prefix\": \"the\", \"patch_prefix\": \"the cat\", \"clean_answer\": \"us\", \"patch_answer\": \"run\"}", "no pair can be used: 1 with texts of unequal length")]
    public void Files_that_cannot_be_used_are_refused_in_one_line(string text, string problem)
    {
        using TinyLanguageModel tiny = new();
        string path = Write(tiny, text);
        InputException exception = Assert.Throws<InputException>(() => TaskFile.Read(path, tiny.Tokenizer, tiny.Model));
        Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused()
    {
        using TinyLanguageModel tiny = new();
        Assert.Contains("there is no such task file", Assert.Throws<InputException>(() => TaskFile.Read(tiny.PathOf("none.json"), tiny.Tokenizer, tiny.Model)).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => TaskFile.Read(tiny.Folder, tiny.Tokenizer, tiny.Model));
    }

    [Theory]
    [InlineData(Agreement)]
    [InlineData(Ioi)]
    public void Damaged_files_give_a_task_or_a_refusal(string text)
    {
        using TinyLanguageModel tiny = new();
        Random random = new(1);
        byte[] original = Encoding.UTF8.GetBytes(text);
        for (int round = 0; round < 400; round++)
        {
            byte[] bytes = round % 3 == 0 ? original[..random.Next(original.Length)] : [.. original];
            for (int flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            string path = tiny.PathOf("damaged.json");
            File.WriteAllBytes(path, bytes);
            try
            {
                Assert.True(TaskFile.Read(path, tiny.Tokenizer, tiny.Model).Task.Count > 0);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    [Theory]
    [InlineData("agreement", "nounpp_train.json")]
    [InlineData("ioi", "ioi_BABA_template_0_prompts.json")]
    public void Real_files_are_read_with_the_tokenizer_that_they_were_made_for(string folder, string name)
    {
        string path = SharedData.Require(folder, name);
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tokenizers", "gpt2", "tokenizer.json"));
        ModelDescription description = TinyTransformers.Describe(
            NormalizationKind.Layer, TinyTransformers.Attention(1, 1, 2, bias: true), new MlpDescription(2, Activation.Gelu, false, true), layers: 1) with
        { Width = 2, VocabularySize = tokenizer.VocabularySize, MaximumPositions = 32 };
        using TransformerModel model = new(description, ParameterInitializer.Random(description, 1));
        TaskFile file = TaskFile.Read(path, tokenizer, model, maximumPairs: 200);
        Assert.Equal(200, file.Task.Count);
        Assert.All(file.Task.Clean.Zip(file.Task.Corrupt), pair => Assert.Equal(pair.First.Length, pair.Second.Length));
        Assert.All(file.Task.Classes!.Concat(file.Task.WrongClasses!), answer => Assert.StartsWith(" ", tokenizer.TokenText(answer[0]), StringComparison.Ordinal));
        Assert.True(file.UnspeakablePairs == 0, file.Message);
    }

    private static string Write(TinyLanguageModel tiny, string text)
    {
        string path = tiny.PathOf("task.json");
        File.WriteAllText(path, text);
        return path;
    }
}
