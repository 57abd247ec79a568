using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class AutoencoderTrainerTests : IDisposable
{
    private static readonly SparseAutoencoderProvenance _provenance = new() { Format = "test" };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Planted_directions_are_found_as_dead_features_come_back_by_their_own_loss()
    {
        (RowsInMemory rows, float[][] directions) = RowsInMemory.Planted(4_000, 20, directions: 30, active: 2, seed: 1);
        int Found(float deadWeight)
        {
            using AutoencoderTrainer trainer = new(rows, Options(features: 40, k: 2) with { Steps = 3_000, DeadAfterRows = 5_000, DeadWeight = deadWeight });
            while (!trainer.IsDone)
            {
                trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
            }

            AutoencoderTrainingPoint last = trainer.Points[^1];
            Assert.InRange(last.ExplainedVariance, 0.9, 1);
            Assert.InRange(last.ActiveFeatures, 1.5, 2);
            using SparseAutoencoder autoencoder = trainer.Export(_provenance);
            for (int feature = 0; feature < 40; feature++)
            {
                Assert.Equal(1, System.Numerics.Tensors.TensorPrimitives.Norm(autoencoder.DecoderDirection(feature)), 1e-5);
            }

            return directions.Count(direction => Enumerable.Range(0, 40).Any(feature => Cosine(direction, autoencoder.DecoderDirection(feature)) > 0.95));
        }

        int with = Found(1 / 32f), without = Found(0);
        Assert.InRange(with, 28, 30);
        Assert.True(without < with, $"{without} directions are found without the loss, {with} with it");
    }

    [Fact]
    public void The_exported_autoencoder_explains_plain_rows_as_the_last_evaluation_says()
    {
        (RowsInMemory rows, _) = RowsInMemory.Planted(1_000, 12, directions: 20, active: 2, seed: 3);
        using AutoencoderTrainer trainer = new(rows, Options(features: 24, k: 3) with { Steps = 200 });
        while (!trainer.IsDone)
        {
            trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
        }

        using SparseAutoencoder autoencoder = trainer.Export(_provenance);
        float[] heldOut = new float[100 * 12], outputs = new float[heldOut.Length];
        for (int row = 0; row < 100; row++)
        {
            rows.Read(900 + row, heldOut.AsSpan(row * 12, 12));
        }

        autoencoder.Reconstruct(heldOut, outputs);
        double[] means = [.. Enumerable.Range(0, 12).Select(j => Enumerable.Range(0, 100).Average(row => (double)heldOut[(row * 12) + j]))];
        double left = heldOut.Zip(outputs, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
        double variation = heldOut.Select((x, i) => (x - means[i % 12]) * (x - means[i % 12])).Sum();
        Assert.Equal(trainer.Points[^1].ExplainedVariance, 1 - (left / variation), 1e-5);
    }

    [Fact]
    public void An_interrupted_training_ends_in_the_bytes_of_one_that_ran_through_on_any_number_of_threads()
    {
        (RowsInMemory rows, _) = RowsInMemory.Planted(500, 10, directions: 14, active: 2, seed: 4);
        AutoencoderTrainingOptions options = Options(features: 30, k: 2) with { Steps = 90, StepsPerEvaluation = 20, DeadAfterRows = 500 };
        float[] through = ThreadCount.With(1, () => Train(new AutoencoderTrainer(rows, options)));
        string state = _folder.PathOf("state");
        using (AutoencoderTrainer first = new(rows, options))
        {
            first.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
            first.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
            first.SaveState(state);
        }

        AutoencoderTrainer second = new(rows, options);
        second.LoadState(state);
        Assert.Equal(40, second.StepsTaken);
        float[] resumed = ThreadCount.With(3, () => Train(second));
        Assert.Equal(through, resumed);
        float[] other = Train(new AutoencoderTrainer(rows, options with { Seed = 9 }));
        Assert.NotEqual(through, other);
    }

    [Fact]
    public void States_that_are_damaged_or_of_another_training_are_refused()
    {
        (RowsInMemory rows, _) = RowsInMemory.Planted(200, 6, directions: 8, active: 2, seed: 5);
        AutoencoderTrainingOptions options = Options(features: 12, k: 2) with { Steps = 30, StepsPerEvaluation = 10, BatchRows = 16 };
        string state = _folder.PathOf("state");
        using (AutoencoderTrainer trainer = new(rows, options))
        {
            trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
            trainer.SaveState(state);
        }

        using (AutoencoderTrainer other = new(rows, options with { K = 3 }))
        {
            Assert.Contains("other settings", Assert.Throws<InputException>(() => other.LoadState(state)).Message, StringComparison.Ordinal);
        }

        byte[] bytes = File.ReadAllBytes(state);
        string damaged = _folder.PathOf("damaged");
        Random random = new(1);
        for (int mutation = 0; mutation < 200; mutation++)
        {
            Mutation.Overwrite(damaged, Mutation.Apply(bytes, random));
            using AutoencoderTrainer trainer = new(rows, options);
            try
            {
                trainer.LoadState(damaged);
                trainer.TrainToNextEvaluation(cancellation: TestContext.Current.CancellationToken);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    [Fact]
    public void Rows_and_settings_that_cannot_be_trained_on_are_refused()
    {
        RowsInMemory rows = RowsInMemory.Planted(200, 6, directions: 8, active: 2, seed: 5).Rows;
        Assert.Contains("--k", Refusal(rows, Options(features: 10, k: 11)), StringComparison.Ordinal);
        Assert.Contains("--features", Refusal(rows, Options(features: 1, k: 1)), StringComparison.Ordinal);
        Assert.Contains("--learning-rate", Refusal(rows, Options(features: 10, k: 1) with { LearningRate = float.NaN }), StringComparison.Ordinal);
        Assert.Contains("at least 20", Refusal(new RowsInMemory(new float[19 * 4], 4), Options(features: 10, k: 1)), StringComparison.Ordinal);
        Assert.Contains("all the same", Refusal(new RowsInMemory([.. Enumerable.Repeat(1f, 100)], 4), Options(features: 10, k: 1)), StringComparison.Ordinal);
    }

    private static string Refusal(RowsInMemory rows, AutoencoderTrainingOptions options) => Assert.Throws<InputException>(() => new AutoencoderTrainer(rows, options)).Message;

    private static AutoencoderTrainingOptions Options(int features, int k) =>
        new() { Features = features, K = k, BatchRows = 128, LearningRate = 3e-3f, StepsPerEvaluation = 100 };

    private static float[] Train(AutoencoderTrainer trainer)
    {
        using (trainer)
        {
            while (!trainer.IsDone)
            {
                trainer.TrainToNextEvaluation();
            }

            using SparseAutoencoder autoencoder = trainer.Export(_provenance);
            return [.. autoencoder.Encoder, .. autoencoder.Decoder, .. autoencoder.EncoderBias, .. autoencoder.DecoderBias];
        }
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(a, b);
}
