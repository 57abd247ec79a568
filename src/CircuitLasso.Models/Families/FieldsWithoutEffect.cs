namespace CircuitLasso.Models;

/// <summary>The fields of Hugging Face's <c>config.json</c> that say nothing of what a forward pass computes: bookkeeping, training, generation, heads for other tasks.</summary>
internal static class FieldsWithoutEffect
{
    private static readonly HashSet<string> _names = new(StringComparer.Ordinal)
    {
        // Bookkeeping.
        "_name_or_path", "_commit_hash", "_attn_implementation", "_attn_implementation_autoset", "architectures", "auto_map", "dtype", "is_llama_config", "model_type",
        "tokenizer_class", "torch_dtype", "transformers.js_config", "transformers_version", "unsloth_fixed", "unsloth_version",

        // How a pass is run or trained, not what it computes.
        "attn_implementation", "cache_implementation", "chunk_size_feed_forward", "gradient_checkpointing", "initializer_factor", "initializer_range", "is_decoder",
        "max_sequence_length", "neftune_noise_alpha",
        "output_attentions", "output_hidden_states", "output_past", "pretraining_tp", "reorder_and_upcast_attn", "return_dict", "torchscript", "use_bfloat16", "use_cache",

        // Heads for other tasks.
        "_num_labels", "finetuning_task", "id2label", "label2id", "num_labels", "problem_type", "task_specific_params",

        // Generation.
        "diversity_penalty", "do_sample", "early_stopping", "encoder_no_repeat_ngram_size", "length_penalty", "max_length", "max_new_tokens", "min_length", "no_repeat_ngram_size",
        "num_beam_groups", "num_beams", "num_return_sequences", "prefix", "repetition_penalty", "temperature", "top_k", "top_p", "typical_p",
    };

    // Dropout is for training alone; token ids are the tokenizer's; summaries are GPT-2's heads for other tasks.
    private static readonly string[] _endings = ["dropout", "_dropout_rate", "_pdrop", "_token_id", "_token_ids"];

    public static bool Contains(string field) =>
        _names.Contains(field) || field.StartsWith("summary_", StringComparison.Ordinal) || Array.Exists(_endings, ending => field.EndsWith(ending, StringComparison.Ordinal));
}
