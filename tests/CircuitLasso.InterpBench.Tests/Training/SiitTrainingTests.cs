using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;
using Xunit;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>Trainings in a folder: reaching the threshold, stopping and going on, and refusing what is not their own.</summary>
public sealed class SiitTrainingTests
{
    private static readonly SiitOptions _short = new() { Steps = 30, StepsPerEvaluation = 10, PairsPerStep = 16, EvaluationPairs = 20, Threshold = 1, Strictness = SiitStrictness.Mixed };

    [Fact]
    [Trait("Speed", "Slow")]
    public void A_model_learns_the_running_share_by_its_own_circuit_and_can_be_loaded_again()
    {
        using TemporaryFolder folder = new();
        string output = folder.PathOf("model");
        SiitOptions options = new() { Steps = 3000, Strictness = SiitStrictness.Mixed };

        SiitTrainingResult result = KnownCircuitTraining.Run(TinyPrograms.RunningShare, options, output);

        Assert.True(result.ReachedThreshold, JsonSerializer.Serialize(result.Points[^1]));
        Assert.InRange(result.Scores.Accuracy, 0.99, 1);
        Assert.InRange(result.Scores.MeanInterchange, 0.99, 1);
        Assert.InRange(result.Scores.MeanStrict, 0.99, 1);
        Assert.InRange(result.Scores.AllOutside, 0.99, 1);
        KnownProgram program = KnownProgram.Load(Path.Combine(output, KnownCircuitTraining.ProgramFile));
        using TransformerModel model = ModelCheckpoint.Load(output);
        SiitScheme scheme = new(program, model.Description);
        SiitScores again = SiitEvaluation.Measure(model, scheme, new SiitSampler(program).Evaluation(99, 300), TestContext.Current.CancellationToken);
        Assert.InRange(again.Smallest(SiitStrictness.Mixed), 0.985, 1);
        Assert.Equal(["a1.h0", "m0"], again.Interchange.Keys);
        Assert.Equal(8, again.Strict.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_interrupted_training_goes_on_to_the_same_bytes_whatever_the_number_of_threads(bool favoursLagging)
    {
        SiitOptions options = _short with { FavoursLagging = favoursLagging };
        using TemporaryFolder folder = new();
        string whole = folder.PathOf("whole");
        string parts = folder.PathOf("parts");
        KnownCircuitTraining.Run(TinyPrograms.RunningShare, options, whole);
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => KnownCircuitTraining.Run(
            TinyPrograms.RunningShare, options, parts, point => { if (point.Step == 20) { stop.Cancel(); } }, null, stop.Token));
        Assert.False(File.Exists(Path.Combine(parts, KnownCircuitTraining.LogFile)));

        SiitTrainingResult result = KnownCircuitTraining.Run(TinyPrograms.RunningShare, options, parts);

        Assert.Equal([10, 20, 30], result.Points.Select(point => point.Step));
        string[] files = [.. Directory.GetFiles(whole).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        Assert.Equal(["config.json", "model.safetensors", "program.json", "training.json"], files);
        foreach (string file in files)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(parts, file)));
        }
    }

    [Theory]
    [InlineData(new double[] { 1, 1, 1, 1 })]
    [InlineData(new double[] { 0.05, 0.05, 0.55, 0.35 })]
    [InlineData(new double[] { 0, 0, 2, 0 })]
    [InlineData(new double[] { 3 })]
    public void A_node_that_lacks_more_is_drawn_more_in_proportion(double[] weights)
    {
        const int Draws = 20_000;
        int[] drawn = new int[weights.Length];
        RandomSource random = new(3);
        RandomSource same = new(3);
        for (int draw = 0; draw < Draws; draw++)
        {
            int place = SiitTrainer.DrawByWeight(random, weights);
            Assert.Equal(place, SiitTrainer.DrawByWeight(same, weights));
            drawn[place]++;
        }

        // Four deviations of a share of 20,000 draws are at most .0142.
        Assert.All(weights.Zip(drawn), pair => Assert.Equal(pair.First / weights.Sum(), pair.Second / (double)Draws, 0.0142));
    }

    [Fact]
    public void Lagging_nodes_are_favoured_from_the_first_evaluation_on()
    {
        SiitOptions uniform = _short with { Threshold = 1, Steps = 20 };
        using SiitTrainer plain = new(TinyPrograms.RunningShare, uniform);
        using SiitTrainer favouring = new(TinyPrograms.RunningShare, uniform with { FavoursLagging = true });

        Assert.Equal(plain.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken), favouring.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken));
        Assert.NotEqual(
            plain.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken).Loss, favouring.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken).Loss);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.25f)]
    public void Only_what_outside_nodes_write_is_scaled_at_the_start(float scale)
    {
        KnownProgram program = TinyPrograms.RunningShare;
        using SiitTrainer plain = new(program, _short);
        using SiitTrainer scaled = new(program, _short with { OutsideScale = scale });
        int heads = program.Shape.Heads;
        foreach (ParameterKey key in plain.Model.Parameters.Keys)
        {
            float[] before = plain.Model.Parameters[key].ToArray();
            float[] expected = [.. before.Select((value, index) => key.Role switch
            {
                // [width, heads x head width]
                ParameterRole.OutputWeight when !program.IsInCircuit($"a{key.Layer}.h{index / program.Shape.HeadWidth % heads}") => scale * value,
                ParameterRole.MlpDownWeight when !program.IsInCircuit($"m{key.Layer}") => scale * value,
                _ => value,
            })];

            Assert.Equal(expected, scaled.Model.Parameters[key].ToArray());
            Assert.Equal(key.Role is ParameterRole.OutputWeight || key == new ParameterKey(ParameterRole.MlpDownWeight, 1), !before.SequenceEqual(expected));
        }
    }

    [Theory]
    [InlineData(SiitSchedule.Constant)]
    [InlineData(SiitSchedule.Linear)]
    [InlineData(SiitSchedule.Cosine)]
    public void The_learning_rate_starts_at_its_peak_and_ends_where_its_schedule_says(SiitSchedule schedule)
    {
        using SiitTrainer trainer = new(TinyPrograms.RunningShare, _short with { Schedule = schedule, LearningRate = 0.01f, Steps = 100 });
        (float middle, float end) = schedule switch
        {
            SiitSchedule.Constant => (0.01f, 0.01f),
            SiitSchedule.Linear => (0.0051f, 0.0002f),
            _ => (0.00525f, 0.0005f),
        };

        Assert.Equal(0.01f, trainer.RateAt(0), 1e-8f);
        Assert.Equal(middle, trainer.RateAt(50), 1e-8f);
        Assert.Equal(end, trainer.RateAt(100), 1e-8f);
    }

    [Fact]
    public void A_trainer_without_options_takes_those_of_the_program()
    {
        KnownProgram program = ProgramFixtures.Parse(System.Text.Encoding.UTF8.GetString(TinyPrograms.RunningShare.Json.Span).Replace(
            "\"output\": \"regression\"", "\"output\": \"regression\", \"training\": {\"steps\": 7, \"steps_per_evaluation\": 4, \"batch_size\": 3, \"evaluation_pairs\": 5}", StringComparison.Ordinal));
        using SiitTrainer trainer = new(program);

        Assert.Equal(4, trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken).Step);
        Assert.Equal(7, trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken).Step);
        Assert.True(trainer.IsDone);
    }

    [Fact]
    public void A_finished_folder_and_a_state_with_other_settings_are_refused()
    {
        using TemporaryFolder folder = new();
        string output = folder.PathOf("model");
        KnownCircuitTraining.Run(TinyPrograms.RunningShare, _short with { Steps = 5 }, output);
        Assert.Contains("finished", Assert.Throws<InputException>(() => KnownCircuitTraining.Run(TinyPrograms.RunningShare, _short, output)).Message, StringComparison.Ordinal);
        string state = folder.PathOf("state.safetensors");
        using SiitTrainer trainer = new(TinyPrograms.RunningShare, _short);
        trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
        trainer.SaveState(state);
        using SiitTrainer other = new(TinyPrograms.RunningShare, _short with { Seed = 1 });

        InputException refused = Assert.Throws<InputException>(() => other.LoadState(state));

        Assert.Contains("other settings", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_state_is_refused_or_read_and_never_crashes()
    {
        using TemporaryFolder folder = new();
        string state = folder.PathOf("state.safetensors");
        using (SiitTrainer trainer = new(TinyPrograms.RunningShare, _short))
        {
            trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
            trainer.SaveState(state);
        }

        byte[] sound = File.ReadAllBytes(state);
        Random random = new(8);
        int refused = 0;
        for (int trial = 0; trial < 60; trial++)
        {
            byte[] damaged = trial % 3 == 0 ? sound[..random.Next(sound.Length)] : (byte[])sound.Clone();
            for (int change = 0; change < 8 && trial % 3 != 0; change++)
            {
                // Most of the file is weights, where any byte is as good as another: damage the header.
                damaged[random.Next(trial % 3 == 1 ? 1500 : damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(state, damaged);
            using SiitTrainer trainer = new(TinyPrograms.RunningShare, _short);
            try
            {
                trainer.LoadState(state);
                Assert.InRange(trainer.StepsTaken, 1, _short.Steps);
            }
            catch (InputException exception)
            {
                Assert.Contains(state, exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 20, 60);
    }

    [Fact]
    public void Inputs_kept_for_evaluation_are_never_trained_on()
    {
        // 4^8 sequences: enough to hold some out.
        KnownProgram program = ProgramFixtures.Parse(System.Text.Encoding.UTF8.GetString(TinyPrograms.RunningShare.Json.Span).Replace("\"n_ctx\": 5", "\"n_ctx\": 9", StringComparison.Ordinal));
        SiitSampler sampler = new(program);
        SiitPairs training = sampler.Training(1, 4000);
        SiitPairs evaluation = sampler.Evaluation(2, 1000);

        HashSet<string> trained = [.. training.Bases.Concat(training.Sources).Select(input => string.Join(' ', input))];

        Assert.DoesNotContain(evaluation.Bases.Concat(evaluation.Sources), input => trained.Contains(string.Join(' ', input)));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SiitTrainer(TinyPrograms.RunningShare, new SiitOptions { Steps = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SiitTrainer(TinyPrograms.RunningShare, new SiitOptions { Threshold = 1.5 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SiitTrainer(TinyPrograms.RunningShare, new SiitOptions { LearningRate = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SiitTrainer(TinyPrograms.RunningShare, new SiitOptions { Beta2 = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SiitTrainer(TinyPrograms.RunningShare, new SiitOptions { OutsideScale = -1 }));
    }
}
