"""What becomes of a checkpoint's tokenizer: read from its own files, written as llama.cpp has it, and proven text by text.

A family may know what the files do not say. Its ``tokenizer_hints`` are, all of them optional:

``special_tokens``  list of str: tokens that follow the vocabulary of ``tokenizer.model`` in this order, one id after the other
                    (ChatGLM3 and GLM-4 have them in code); what the files say of the same tokens goes first
``end_tokens``      list of str: tokens that end an answer, beside those of generation_config.json
``chat_template``   str: the Jinja source to use when the checkpoint has none
``add_bos``         bool: whether text begins with BOS, where no file says so
``add_eos``         bool: whether text ends with EOS, where no file says so
``bos``, ``eos``, ``pad``, ``unk``  str: tokens by name, where no file names one
``pattern``         str: the expression with which a tiktoken vocabulary cuts text into words (GLM-4 has it in code)
"""
