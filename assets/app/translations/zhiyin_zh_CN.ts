<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>ActionRow</name>
    <message>
        <source>Previous alternative</source>
        <translation>上一个回复</translation>
    </message>
    <message>
        <source>Next alternative</source>
        <translation>下一个回复</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Show or hide the summary</source>
        <translation>可折叠或展开摘要</translation>
    </message>
    <message>
        <source>A good reply</source>
        <translation>好的回复</translation>
    </message>
    <message>
        <source>A bad reply</source>
        <translation>不好的回复</translation>
    </message>
    <message>
        <source>Note on the rating</source>
        <translation>评价的备注</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Edit this reply</source>
        <translation>编辑这条回复</translation>
    </message>
    <message>
        <source>Edit the summary</source>
        <translation>编辑摘要</translation>
    </message>
    <message>
        <source>Edit and send again</source>
        <translation>修改后重发</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重写</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>续写</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>AdapterList</name>
    <message>
        <source>LoRA and DoRA adapters are merged into the checkpoint. Drop their folders here, or add them.</source>
        <translation>LoRA 和 DoRA 适配器会合并到检查点里。把它们的文件夹拖到这里，或点按钮添加。</translation>
    </message>
    <message>
        <source>Add an adapter…</source>
        <translation>添加适配器……</translation>
    </message>
</context>
<context>
    <name>AddressController</name>
    <message>
        <source>Stopped waiting for an answer.</source>
        <translation>已停止等待。</translation>
    </message>
    <message>
        <source>This is not called a GGUF file; it may not be a model.</source>
        <translation>这个文件名不是 GGUF，可能不是模型。</translation>
    </message>
</context>
<context>
    <name>AddressForm</name>
    <message>
        <source>Back to the list</source>
        <translation>返回列表</translation>
    </message>
    <message>
        <source>From an address</source>
        <translation>从地址下载</translation>
    </message>
    <message>
        <source>The address of a GGUF file. Only take files from places that you trust.</source>
        <translation>填写 GGUF 文件的地址。请只从信任的地方下载。</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>SHA-256 checksum, if you know it</source>
        <translation>SHA-256 校验值（若已知）</translation>
    </message>
    <message>
        <source>SHA-256 checksum</source>
        <translation>SHA-256 校验值</translation>
    </message>
    <message>
        <source>A SHA-256 checksum has 64 digits from 0 to 9 and a to f.</source>
        <translation>SHA-256 校验值由 64 位 0 到 9、a 到 f 的字符组成。</translation>
    </message>
    <message>
        <source>size not known</source>
        <translation>大小未知</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Show downloads</source>
        <translation>查看下载</translation>
    </message>
</context>
<context>
    <name>Amounts</name>
    <message>
        <source>a few seconds left</source>
        <translation>还剩几秒</translation>
    </message>
    <message>
        <source>less than a minute left</source>
        <translation>不到一分钟</translation>
    </message>
    <message>
        <source>about {minutes} min left</source>
        <translation>大约还要 {minutes} 分钟</translation>
    </message>
    <message>
        <source>about {hours} h {minutes} min left</source>
        <translation>大约还要 {hours} 小时 {minutes} 分钟</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>{minutes} min</source>
        <translation>{minutes} 分钟</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation>{hours} 小时 {minutes} 分钟</translation>
    </message>
</context>
<context>
    <name>AuthorNoteForm</name>
    <message>
        <source>Author&apos;s note</source>
        <translation>作者注</translation>
    </message>
    <message>
        <source>Keep the tension. It is raining.</source>
        <translation>保持紧张。外面下着雨。</translation>
    </message>
    <message>
        <source>A reminder to the model, put in again and again, to steer where the conversation goes.</source>
        <translation>一再提醒模型的话，用来引导对话往哪里走。</translation>
    </message>
    <message>
        <source>in the chat</source>
        <translation>对话里</translation>
    </message>
    <message>
        <source>after the scenario</source>
        <translation>场景之后</translation>
    </message>
    <message>
        <source>the system</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>the user</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>the persona</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>the end</source>
        <translation>最末</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Depth</source>
        <translation>深度</translation>
    </message>
    <message>
        <source>Messages from the end.</source>
        <translation>从末尾数第几条消息。</translation>
    </message>
    <message>
        <source>Every so many turns</source>
        <translation>每隔几轮</translation>
    </message>
    <message>
        <source>Of yours. 1 is always.</source>
        <translation>按你的轮数算，1 就是每轮。</translation>
    </message>
    <message>
        <source>Said as</source>
        <translation>以谁的身份说</translation>
    </message>
</context>
<context>
    <name>BookList</name>
    <message>
        <source>Lorebook without a name</source>
        <translation>没有名称的世界书</translation>
    </message>
    <message>
        <source>1 entry</source>
        <translation>1 条</translation>
    </message>
    <message>
        <source>{count} entries</source>
        <translation>{count} 条</translation>
    </message>
</context>
<context>
    <name>BooksContent</name>
    <message>
        <source>New lorebook</source>
        <translation>新世界书</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入……</translation>
    </message>
    <message>
        <source>Use in this conversation</source>
        <translation>用于这次对话</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出……</translation>
    </message>
    <message>
        <source>Duplicate this lorebook</source>
        <translation>复制这本世界书</translation>
    </message>
    <message>
        <source>Delete this lorebook</source>
        <translation>删除这本世界书</translation>
    </message>
    <message>
        <source>What it knows is told to the model in the open conversation when it is touched on.</source>
        <translation>打开的对话提到其中的内容时，会告诉模型。</translation>
    </message>
    <message>
        <source>Lorebooks</source>
        <translation>世界书</translation>
    </message>
    <message>
        <source>Back to the persona</source>
        <translation>回到角色</translation>
    </message>
</context>
<context>
    <name>BooksController</name>
    <message>
        <source>{name} (typed meanwhile)</source>
        <translation>{name}（期间写的）</translation>
    </message>
    <message>
        <source>This lorebook was changed elsewhere meanwhile. What you typed is kept as “{name}”.</source>
        <translation>这本世界书期间在别处改过了。你写的内容已另存为“{name}”。</translation>
    </message>
    <message>
        <source>New lorebook</source>
        <translation>新世界书</translation>
    </message>
    <message>
        <source>{name} (copy)</source>
        <translation>{name}（副本）</translation>
    </message>
    <message>
        <source>“{name}” is deleted.</source>
        <translation>“{name}”已删除。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>“{name}” is imported.</source>
        <translation>“{name}”已导入。</translation>
    </message>
    <message>
        <source>{count} lorebooks are imported.</source>
        <translation>已导入 {count} 本世界书。</translation>
    </message>
    <message>
        <source>SillyTavern&apos;s world info has become a lorebook.</source>
        <translation>SillyTavern 的 world info 已变成世界书。</translation>
    </message>
    <message>
        <source>It is the lorebook of a card; the card itself was not taken in.</source>
        <translation>这是角色卡里的世界书，角色卡本身没有导入。</translation>
    </message>
    <message>
        <source>Of {count} entries, the first {kept} are kept.</source>
        <translation>共 {count} 条，保留了前 {kept} 条。</translation>
    </message>
    <message>
        <source>{count} entries could not be read and were left out.</source>
        <translation>有 {count} 条读不出来，已略去。</translation>
    </message>
    <message>
        <source>{count} entries were too long and were cut.</source>
        <translation>有 {count} 条太长，已截短。</translation>
    </message>
    <message>
        <source>{count} entries had too many keys; the first ones are kept.</source>
        <translation>有 {count} 条关键词太多，保留了前面的。</translation>
    </message>
    <message>
        <source>The lorebook is in {file} now.</source>
        <translation>世界书已存到 {file}。</translation>
    </message>
</context>
<context>
    <name>BooksView</name>
    <message>
        <source>The lorebook in the card of {name}</source>
        <translation>“{name}”角色卡里的世界书</translation>
    </message>
    <message>
        <source>Import lorebooks</source>
        <translation>导入世界书</translation>
    </message>
    <message>
        <source>Lorebooks (*.json)</source>
        <translation>世界书 (*.json)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Export the lorebook</source>
        <translation>导出世界书</translation>
    </message>
</context>
<context>
    <name>BudgetBar</name>
    <message>
        <source>about {used} of {limit} tokens</source>
        <translation>约 {used} / {limit} 个词元</translation>
    </message>
    <message>
        <source>{used} of {limit} tokens</source>
        <translation>{used} / {limit} 个词元</translation>
    </message>
    <message>
        <source>{over} too many</source>
        <translation>超出 {over} 个</translation>
    </message>
    <message>
        <source>{section}: {tokens}</source>
        <translation>{section}：{tokens}</translation>
    </message>
    <message>
        <source>What the next prompt is made of, in tokens:</source>
        <translation>下一次发送的内容由哪些部分组成（按词元计）：</translation>
    </message>
    <message>
        <source>Prompt budget: {words}</source>
        <translation>提示词预算：{words}</translation>
    </message>
    <message>
        <source>Show what is sent</source>
        <translation>查看将发送的内容</translation>
    </message>
</context>
<context>
    <name>BudgetController</name>
    <message>
        <source>What was sent for this reply is not kept any more; of each conversation the last two hundred are.</source>
        <translation>此回复的发送内容已不再保留；每个对话只保留最近两百条。</translation>
    </message>
</context>
<context>
    <name>CandidatePopover</name>
    <message>
        <source>“{token}” had {share}</source>
        <translation>“{token}”的概率是 {share}</translation>
    </message>
</context>
<context>
    <name>CardExport</name>
    <message>
        <source>Version 1 has no place for: {fields}.</source>
        <translation>第 1 版里放不下：{fields}。</translation>
    </message>
    <message>
        <source>Version 2 keeps these, but other programs may not use them: {fields}.</source>
        <translation>第 2 版会保留这些，但别的程序可能用不上：{fields}。</translation>
    </message>
    <message>
        <source>Export all the same</source>
        <translation>仍然导出</translation>
    </message>
    <message>
        <source>Exported: {name}</source>
        <translation>已导出：{name}</translation>
    </message>
    <message>
        <source>Cards exported: {count}</source>
        <translation>已导出角色卡：{count} 张</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>查看</translation>
    </message>
</context>
<context>
    <name>CardPreview</name>
    <message>
        <source>Import a card</source>
        <translation>导入角色卡</translation>
    </message>
    <message>
        <source>Import cards</source>
        <translation>导入角色卡</translation>
    </message>
    <message>
        <source>Reading the file…</source>
        <translation>正在读取文件……</translation>
    </message>
    <message>
        <source>Import as another</source>
        <translation>另存为新角色</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>Chat now</source>
        <translation>现在就聊</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>Cards</name>
    <message>
        <source>The picture file has a wrong checksum; it was read all the same.</source>
        <translation>图片文件的校验值不对，但内容还是读出来了。</translation>
    </message>
    <message>
        <source>Something follows the end of the picture; it was left out.</source>
        <translation>图片结尾之后还有别的内容，已经舍去。</translation>
    </message>
    <message>
        <source>The file breaks off before its end.</source>
        <translation>文件没有写完就断了。</translation>
    </message>
    <message>
        <source>The file holds two cards that differ ({fields}); the newer form was taken.</source>
        <translation>文件里有两张不一样的角色卡（{fields}），已采用较新的格式。</translation>
    </message>
    <message>
        <source>The file holds two cards, one of them unreadable; the other was taken.</source>
        <translation>文件里有两张角色卡，其中一张读不出来，已采用另一张。</translation>
    </message>
    <message>
        <source>The file holds several cards; the first was taken.</source>
        <translation>文件里有几张角色卡，已采用第一张。</translation>
    </message>
    <message>
        <source>The text is not proper UTF-8; some letters may be wrong.</source>
        <translation>文字不是正确的 UTF-8，个别字可能有误。</translation>
    </message>
    <message>
        <source>The text is not properly packed in the picture; it was read all the same.</source>
        <translation>文字在图片里的编码不规范，但还是读出来了。</translation>
    </message>
    <message>
        <source>Something follows the card&apos;s text; it was left out.</source>
        <translation>角色卡文字之后还有别的内容，已经舍去。</translation>
    </message>
    <message>
        <source>Numbers that no program can hold were replaced.</source>
        <translation>没有程序装得下的数字已被替换。</translation>
    </message>
    <message>
        <source>Some letters are damaged; “�” stands in for them.</source>
        <translation>有些字符已损坏，以“�”代替。</translation>
    </message>
    <message>
        <source>Something is said twice in the card (such as “{name}”); the last was taken.</source>
        <translation>同一内容在文件里写了两次（如“{name}”），取了后一个。</translation>
    </message>
    <message>
        <source>The card is of a newer version ({name}) than is known here; what is new in it is kept.</source>
        <translation>这张角色卡的版本（{name}）比这里认识的新，新增的内容会原样保留。</translation>
    </message>
    <message>
        <source>The card says that it is of another format ({name}); it was read as a card.</source>
        <translation>这张卡自称是另一种格式（{name}），已按角色卡读取。</translation>
    </message>
    <message>
        <source>The card is of an old format; its fields were given their present names.</source>
        <translation>这张角色卡是旧格式，各项已改用现在的名称。</translation>
    </message>
    <message>
        <source>The card has no name; it is called “{name}” after its file.</source>
        <translation>这张角色卡没有名字，已按文件名叫作“{name}”。</translation>
    </message>
    <message>
        <source>Fields that a card must have are missing: {fields}.</source>
        <translation>缺少角色卡应有的内容：{fields}。</translation>
    </message>
    <message>
        <source>Fields that hold something else than they should are kept, but not used: {fields}.</source>
        <translation>有些项的内容类型不对，已保留但不使用：{fields}。</translation>
    </message>
    <message>
        <source>Files in the card that are too large, damaged or badly named were left out.</source>
        <translation>角色卡里过大、损坏或名称不妥的文件没有带入。</translation>
    </message>
    <message>
        <source>The card&apos;s picture cannot be shown; a seal stands in for it.</source>
        <translation>角色卡的图片无法显示，用印章代替。</translation>
    </message>
    <message>
        <source>The archive holds “{name}” twice; the last was taken.</source>
        <translation>压缩包里有两个“{name}”，已采用后一个。</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名字</translation>
    </message>
    <message>
        <source>description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>personality</source>
        <translation>性格</translation>
    </message>
    <message>
        <source>scenario</source>
        <translation>场景</translation>
    </message>
    <message>
        <source>first message</source>
        <translation>开场白</translation>
    </message>
    <message>
        <source>example dialogue</source>
        <translation>对话示例</translation>
    </message>
    <message>
        <source>creator&apos;s notes</source>
        <translation>作者的话</translation>
    </message>
    <message>
        <source>system prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>instructions after the conversation</source>
        <translation>对话之后的指令</translation>
    </message>
    <message>
        <source>other first messages</source>
        <translation>其他开场白</translation>
    </message>
    <message>
        <source>tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>creator</source>
        <translation>作者</translation>
    </message>
    <message>
        <source>version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>extensions</source>
        <translation>扩展内容</translation>
    </message>
    <message>
        <source>lorebook</source>
        <translation>世界书</translation>
    </message>
    <message>
        <source>first messages in a group only</source>
        <translation>群聊专用开场白</translation>
    </message>
    <message>
        <source>nickname</source>
        <translation>昵称</translation>
    </message>
    <message>
        <source>notes in other languages</source>
        <translation>其他语言的说明</translation>
    </message>
    <message>
        <source>source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>pictures and files</source>
        <translation>图片和文件</translation>
    </message>
</context>
<context>
    <name>CastBar</name>
    <message>
        <source>Let speak now</source>
        <translation>现在让它说话</translation>
    </message>
    <message>
        <source>Let speak again in turn</source>
        <translation>恢复轮流发言</translation>
    </message>
    <message>
        <source>Mute</source>
        <translation>静音</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Remove from this conversation</source>
        <translation>移出此对话</translation>
    </message>
    <message>
        <source>Who speaks next?</source>
        <translation>接下来谁说？</translation>
    </message>
    <message>
        <source>Add a persona</source>
        <translation>添加角色</translation>
    </message>
    <message>
        <source>More who take part</source>
        <translation>更多参与者</translation>
    </message>
    <message>
        <source>{name} is speaking</source>
        <translation>{name}正在说话</translation>
    </message>
    <message>
        <source>{name} speaks next</source>
        <translation>接下来由{name}说话</translation>
    </message>
    <message>
        <source>{name} is muted</source>
        <translation>{name}已静音</translation>
    </message>
    <message>
        <source>Click to let this one speak now.</source>
        <translation>点击让它现在说话。</translation>
    </message>
</context>
<context>
    <name>CastForm</name>
    <message>
        <source>What comes and goes is put near the end: the model need not read everything again.</source>
        <translation>时有时无的条目放在末尾附近：模型不必从头再读。</translation>
    </message>
    <message>
        <source>Every entry where its card says, even if the model has to read the whole prompt again.</source>
        <translation>每条都放在卡片指定的位置，即使模型因此要重读整个提示。</translation>
    </message>
    <message>
        <source>default ({name})</source>
        <translation>默认（{name}）</translation>
    </message>
    <message>
        <source>default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>Who takes part</source>
        <translation>参与者</translation>
    </message>
    <message>
        <source>Add a persona</source>
        <translation>添加角色</translation>
    </message>
    <message>
        <source>You, lore and notes</source>
        <translation>我、世界书与作者注</translation>
    </message>
    <message>
        <source>Lorebooks</source>
        <translation>世界书</translation>
    </message>
    <message>
        <source>Add a lorebook</source>
        <translation>添加世界书</translation>
    </message>
    <message>
        <source>There are no lorebooks yet. Make one</source>
        <translation>还没有世界书，新建一本</translation>
    </message>
    <message>
        <source>Say who you are</source>
        <translation>说说你是谁</translation>
    </message>
    <message>
        <source>in order</source>
        <translation>依次</translation>
    </message>
    <message>
        <source>Speaks next</source>
        <translation>接下来谁说</translation>
    </message>
    <message>
        <source>Separate: each knows its own card. Joined: the model sees all of them.</source>
        <translation>各看各的：每个角色只知道自己的卡。合在一起：模型看到所有的卡。</translation>
    </message>
    <message>
        <source>you decide</source>
        <translation>由我决定</translation>
    </message>
    <message>
        <source>as mentioned</source>
        <translation>点到谁谁说</translation>
    </message>
    <message>
        <source>model decides</source>
        <translation>由模型决定</translation>
    </message>
    <message>
        <source>separate</source>
        <translation>各看各的</translation>
    </message>
    <message>
        <source>joined</source>
        <translation>合在一起</translation>
    </message>
    <message>
        <source>fast</source>
        <translation>快</translation>
    </message>
    <message>
        <source>to the letter</source>
        <translation>严格照卡片</translation>
    </message>
    <message>
        <source>Cards</source>
        <translation>角色卡</translation>
    </message>
    <message>
        <source>You are</source>
        <translation>我是</translation>
    </message>
    <message>
        <source>Summarise</source>
        <translation>写摘要</translation>
    </message>
    <message>
        <source>Write down what no longer fits into the context.</source>
        <translation>把上下文放不下的内容记下来。</translation>
    </message>
    <message>
        <source>Lore goes</source>
        <translation>世界书放在</translation>
    </message>
</context>
<context>
    <name>ChatHeader</name>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Settings of this conversation</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>卸载模型</translation>
    </message>
    <message>
        <source>Delete this conversation</source>
        <translation>删除此对话</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>标题</translation>
    </message>
</context>
<context>
    <name>ChoiceStrip</name>
    <message>
        <source>Continuations</source>
        <translation>续写</translation>
    </message>
</context>
<context>
    <name>ColorChoice</name>
    <message>
        <source>Cinnabar</source>
        <translation>朱砂</translation>
    </message>
    <message>
        <source>Jade</source>
        <translation>碧玉</translation>
    </message>
    <message>
        <source>Ochre</source>
        <translation>赭石</translation>
    </message>
    <message>
        <source>Slate</source>
        <translation>石板</translation>
    </message>
    <message>
        <source>Ink</source>
        <translation>墨色</translation>
    </message>
    <message>
        <source>Purple</source>
        <translation>紫色</translation>
    </message>
    <message>
        <source>Teal</source>
        <translation>青色</translation>
    </message>
    <message>
        <source>Plum</source>
        <translation>梅色</translation>
    </message>
    <message>
        <source>Colour of the seal</source>
        <translation>印章的颜色</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Write something…</source>
        <translation>写点什么……</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>ContextMeter</name>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>The context is what the model can see at once, counted in tokens.</source>
        <translation>上下文是模型一次能看到的全部内容，以词元计。</translation>
    </message>
    <message>
        <source>Reused tokens were read before and cost no time now.</source>
        <translation>复用的词元此前已经读过，这次不再花时间。</translation>
    </message>
    <message>
        <source>The oldest turns no longer fit and are not sent; the line in the conversation shows where memory begins.</source>
        <translation>最早的几条已放不下，不再发送；对话中的横线标出记忆从哪里开始。</translation>
    </message>
    <message>
        <source>reading the prompt {done} / {total}</source>
        <translation>正在读取提示 {done} / {total}</translation>
    </message>
    <message>
        <source>context {used} / {total}</source>
        <translation>上下文 {used} / {total}</translation>
    </message>
    <message>
        <source>last prompt {used} tokens</source>
        <translation>上次共 {used} 个词元</translation>
    </message>
    <message>
        <source>reused {reused}</source>
        <translation>复用 {reused}</translation>
    </message>
    <message>
        <source>turns left out: {count}</source>
        <translation>略去 {count} 条</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>first token {seconds} s</source>
        <translation>首个词元 {seconds} 秒</translation>
    </message>
</context>
<context>
    <name>ConversationList</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Start a new conversation (Ctrl+N)</source>
        <translation>开始新对话（Ctrl+N）</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>过去七天</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>a reply is being written</source>
        <translation>正在回复</translation>
    </message>
    <message>
        <source>a new reply</source>
        <translation>有新回复</translation>
    </message>
    <message>
        <source>the last reply was interrupted</source>
        <translation>上一条回复中断了</translation>
    </message>
</context>
<context>
    <name>ConversationsController</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
</context>
<context>
    <name>ConversionContent</name>
    <message>
        <source>Convert a checkpoint</source>
        <translation>转换检查点</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Looking at the checkpoint…</source>
        <translation>正在查看检查点……</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>ConversionController</name>
    <message>
        <source>“{name}” is an adapter. Now choose the folder of the model that it was trained on: {base}.</source>
        <translation>“{name}”是适配器，请再选择训练它时所用的基础模型的文件夹：{base}。</translation>
    </message>
    <message>
        <source>“{name}” is an adapter. Now choose the folder of the model that it was trained on.</source>
        <translation>“{name}”是适配器，请再选择训练它时所用的基础模型的文件夹。</translation>
    </message>
    <message>
        <source>Who are you?</source>
        <translation>你是谁？</translation>
    </message>
</context>
<context>
    <name>ConversionForm</name>
    <message>
        <source>Tick at least one type.</source>
        <translation>请至少勾选一种类型。</translation>
    </message>
    <message>
        <source>Give the result a name.</source>
        <translation>请给结果起个名字。</translation>
    </message>
    <message>
        <source>A name has no slashes and does not begin with a dot.</source>
        <translation>名字里不能有斜杠，也不能以点开头。</translation>
    </message>
    <message>
        <source>The name is too long.</source>
        <translation>名字太长。</translation>
    </message>
    <message>
        <source>{file} is there already. Choose another name.</source>
        <translation>{file} 已经存在，请换一个名字。</translation>
    </message>
    <message>
        <source>This needs {need}, and the disk of {folder} has {free} free.</source>
        <translation>需要 {need} 空间，而 {folder} 所在磁盘只剩 {free}。</translation>
    </message>
    <message>
        <source>Looking at the checkpoint…</source>
        <translation>正在查看检查点……</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始……</translation>
    </message>
    <message>
        <source>{need} will be written to {folder}, where {free} are free.</source>
        <translation>将写入 {need} 到 {folder}，那里还有 {free} 可用。</translation>
    </message>
    <message>
        <source>Only quantized types lose anything.</source>
        <translation>只有量化类型才有损失。</translation>
    </message>
    <message>
        <source>Compares it with the checkpoint on Chinese and English text.</source>
        <translation>用中文和英文文本与检查点对比。</translation>
    </message>
    <message>
        <source>Compares it with the checkpoint on Chinese and English text. Takes {size} more of disk until it is done.</source>
        <translation>用中文和英文文本与检查点对比。完成之前另占 {size} 磁盘空间。</translation>
    </message>
    <message>
        <source>Measure the loss afterwards</source>
        <translation>转换后测量损失</translation>
    </message>
    <message>
        <source>Adapters</source>
        <translation>适配器</translation>
    </message>
    <message>
        <source>Types</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>The type is added to it.</source>
        <translation>后面会加上类型。</translation>
    </message>
    <message>
        <source>Importance matrix</source>
        <translation>重要性矩阵</translation>
    </message>
    <message>
        <source>Says which weights matter most; small types lose less with one.</source>
        <translation>标明哪些权重最重要；有了它，小类型的损失更少。</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>How turns are written for the model.</source>
        <translation>对话按什么格式写给模型。</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择……</translation>
    </message>
    <message>
        <source>Use no importance matrix</source>
        <translation>不用重要性矩阵</translation>
    </message>
    <message>
        <source>the checkpoint&apos;s own</source>
        <translation>检查点自带的</translation>
    </message>
    <message>
        <source>Use the checkpoint&apos;s own template</source>
        <translation>使用检查点自带的模板</translation>
    </message>
    <message>
        <source>Convert</source>
        <translation>转换</translation>
    </message>
</context>
<context>
    <name>ConversionPage</name>
    <message>
        <source>Choose a checkpoint</source>
        <translation>选择检查点</translation>
    </message>
    <message>
        <source>Choose an adapter</source>
        <translation>选择适配器</translation>
    </message>
    <message>
        <source>Importance matrices (*.gguf *.dat *.imatrix)</source>
        <translation>重要性矩阵 (*.gguf *.dat *.imatrix)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose an importance matrix</source>
        <translation>选择重要性矩阵</translation>
    </message>
    <message>
        <source>Chat templates (*.jinja *.jinja2 *.txt)</source>
        <translation>对话模板 (*.jinja *.jinja2 *.txt)</translation>
    </message>
    <message>
        <source>Choose a chat template</source>
        <translation>选择对话模板</translation>
    </message>
</context>
<context>
    <name>Discover</name>
    <message>
        <source>fits on the GPU</source>
        <translation>可全部放入 GPU</translation>
    </message>
    <message>
        <source>partly on the GPU</source>
        <translation>部分放入 GPU</translation>
    </message>
    <message>
        <source>runs on the CPU</source>
        <translation>用 CPU 运行</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>内存放不下</translation>
    </message>
    <message>
        <source>about {number} tokens/s</source>
        <translation>约 {number} 词元/秒</translation>
    </message>
    <message>
        <source>about {size} of memory</source>
        <translation>约需 {size} 内存</translation>
    </message>
    <message>
        <source>{size} of memory</source>
        <translation>需 {size} 内存</translation>
    </message>
    <message>
        <source>would fit with {context} tokens</source>
        <translation>上下文为 {context} 词元时放得下</translation>
    </message>
    <message>
        <source>updated today</source>
        <translation>今天更新</translation>
    </message>
    <message>
        <source>updated {days} days ago</source>
        <translation>{days} 天前更新</translation>
    </message>
    <message>
        <source>updated {date}</source>
        <translation>{date} 更新</translation>
    </message>
    <message>
        <source>checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>{count} downloads</source>
        <translation>{count} 次下载</translation>
    </message>
    <message>
        <source>{count} likes</source>
        <translation>{count} 个赞</translation>
    </message>
    <message>
        <source>licence to be accepted</source>
        <translation>需先接受许可</translation>
    </message>
    <message>
        <source>on this computer</source>
        <translation>已在本机</translation>
    </message>
    <message>
        <source>asking…</source>
        <translation>询问中……</translation>
    </message>
    <message>
        <source>waits for its turn</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>downloading {percent}</source>
        <translation>正在下载 {percent}</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>newer than the one on this computer</source>
        <translation>比本机的新</translation>
    </message>
    <message>
        <source>{count} parts</source>
        <translation>{count} 个分片</translation>
    </message>
    <message>
        <source>Best for this computer</source>
        <translation>最适合这台电脑</translation>
    </message>
    <message>
        <source>More models worth a look</source>
        <translation>更多值得一试的模型</translation>
    </message>
</context>
<context>
    <name>DiscoverContent</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Nothing was found. Try fewer words, or other filters.</source>
        <translation>没有找到。请减少关键词，或换个筛选条件。</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在搜索……</translation>
    </message>
    <message>
        <source>Found at {source}</source>
        <translation>来自 {source}</translation>
    </message>
    <message>
        <source>Measure this computer to expect a speed</source>
        <translation>测一测这台电脑，以便预估速度</translation>
    </message>
    <message>
        <source>Measuring how fast this computer is…</source>
        <translation>正在测量这台电脑的速度……</translation>
    </message>
</context>
<context>
    <name>DiscoverDetails</name>
    <message>
        <source>None</source>
        <translation>不用</translation>
    </message>
    <message>
        <source>Back to the list</source>
        <translation>返回列表</translation>
    </message>
    <message>
        <source>Open its page</source>
        <translation>打开网页</translation>
    </message>
    <message>
        <source>Enter a token in the settings…</source>
        <translation>在设置中填写令牌……</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Made from</source>
        <translation>源自</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>模型说明</translation>
    </message>
    <message>
        <source>How it fits with a context of</source>
        <translation>按此上下文长度估算</translation>
    </message>
    <message>
        <source>Tokens that a conversation can have. More of them need more memory.</source>
        <translation>一次对话可容纳的词元数。越多越占内存。</translation>
    </message>
    <message>
        <source>Picture projector</source>
        <translation>图像投影文件</translation>
    </message>
    <message>
        <source>A second file that lets the model see pictures; for text it is not needed.</source>
        <translation>让模型能看图的另一个文件；只聊文字不需要。</translation>
    </message>
    <message>
        <source>Asking what it has…</source>
        <translation>正在询问其中的内容……</translation>
    </message>
    <message>
        <source>Measuring how fast this computer is…</source>
        <translation>正在测量这台电脑的速度……</translation>
    </message>
    <message>
        <source>Measure this computer to expect a speed</source>
        <translation>测一测这台电脑，以便预估速度</translation>
    </message>
    <message>
        <source>There is nothing in it that can be chatted with or converted.</source>
        <translation>其中没有可对话或可转换的内容。</translation>
    </message>
    <message>
        <source>Its owner wants to be asked first: sign in on its page and ask for access, then enter your token.</source>
        <translation>需先征得作者同意：请在其网页登录并申请访问，再填写令牌。</translation>
    </message>
    <message>
        <source>Its licence has to be accepted first: sign in on its page and accept it, then enter your token.</source>
        <translation>需先接受许可：请在其网页登录并接受，再填写令牌。</translation>
    </message>
    <message>
        <source>It is private: it can only be downloaded with the token of an account that may see it.</source>
        <translation>这是私有仓库：只有用有权访问的账号的令牌才能下载。</translation>
    </message>
    <message>
        <source>{count} files</source>
        <translation>{count} 个文件</translation>
    </message>
    <message>
        <source>Checkpoint, to be converted on this computer</source>
        <translation>检查点，可在本机转换</translation>
    </message>
    <message>
        <source>Convert it…</source>
        <translation>转换……</translation>
    </message>
    <message>
        <source>Fetch for conversion</source>
        <translation>下载以供转换</translation>
    </message>
    <message>
        <source>Show downloads</source>
        <translation>查看下载</translation>
    </message>
</context>
<context>
    <name>DownloadCard</name>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / 共 {total}</translation>
    </message>
    <message>
        <source>Waits: offline mode is on</source>
        <translation>等待中：离线模式已开启</translation>
    </message>
    <message>
        <source>Waits for its turn</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>Another program is downloading it</source>
        <translation>另一个程序正在下载</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始……</translation>
    </message>
    <message>
        <source>Waiting for the network</source>
        <translation>等待网络</translation>
    </message>
    <message>
        <source>next try in {time}</source>
        <translation>{time}后重试</translation>
    </message>
    <message>
        <source>Checking</source>
        <translation>正在校验</translation>
    </message>
    <message>
        <source>from {source}</source>
        <translation>来自 {source}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Drag to another place</source>
        <translation>拖动以调整顺序</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>提前</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>推后</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>DownloadHistory</name>
    <message>
        <source>cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>历史记录</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清空</translation>
    </message>
    <message>
        <source>Clear the list of earlier downloads</source>
        <translation>清空下载历史记录</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>显示更多</translation>
    </message>
</context>
<context>
    <name>DownloadsContent</name>
    <message>
        <source>On the way</source>
        <translation>正在进行</translation>
    </message>
    <message>
        <source>{count} running</source>
        <translation>{count} 个下载中</translation>
    </message>
    <message>
        <source>{count} waiting</source>
        <translation>{count} 个等待中</translation>
    </message>
    <message>
        <source>{count} paused</source>
        <translation>{count} 个已暂停</translation>
    </message>
    <message>
        <source>at most {speed}</source>
        <translation>限速 {speed}</translation>
    </message>
    <message>
        <source>Pause all</source>
        <translation>全部暂停</translation>
    </message>
    <message>
        <source>Resume all</source>
        <translation>全部继续</translation>
    </message>
    <message>
        <source>Offline mode is on: nothing is downloaded.</source>
        <translation>离线模式已开启，不会下载任何内容。</translation>
    </message>
    <message>
        <source>Go online</source>
        <translation>恢复联网</translation>
    </message>
    <message>
        <source>Nothing is on its way</source>
        <translation>没有正在进行的下载</translation>
    </message>
    <message>
        <source>What you download is listed here, and goes on by itself after a break in the network or a restart.</source>
        <translation>您下载的内容会列在这里；断网或重启之后会自动继续。</translation>
    </message>
    <message>
        <source>Discover models</source>
        <translation>发现模型</translation>
    </message>
</context>
<context>
    <name>DownloadsController</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Downloads taken away: {count}</source>
        <translation>已移除 {count} 个下载</translation>
    </message>
    <message>
        <source>Download cancelled</source>
        <translation>已取消下载</translation>
    </message>
    <message>
        <source>Taken out of the list</source>
        <translation>已从列表中移除</translation>
    </message>
</context>
<context>
    <name>DropArea</name>
    <message>
        <source>Bring your own fine-tune</source>
        <translation>带上你自己微调的模型</translation>
    </message>
    <message>
        <source>Drop the folder of another checkpoint here.</source>
        <translation>把另一个检查点的文件夹拖到这里。</translation>
    </message>
    <message>
        <source>Drop the folder of a checkpoint here, and it becomes one file that you can chat with. Nothing leaves this machine.</source>
        <translation>把检查点的文件夹拖到这里，它会变成一个可以对话的文件。一切都在本机完成。</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹……</translation>
    </message>
</context>
<context>
    <name>DropBar</name>
    <message>
        <source>What is to be done with “{name}”?</source>
        <translation>怎样处理“{name}”？</translation>
    </message>
    <message>
        <source>What is to be done with these {count} models?</source>
        <translation>怎样处理这 {count} 个模型？</translation>
    </message>
    <message>
        <source>Use in place</source>
        <translation>在原处使用</translation>
    </message>
    <message>
        <source>Copy into the models folder</source>
        <translation>复制到模型文件夹</translation>
    </message>
    <message>
        <source>Do this from now on</source>
        <translation>以后都这样</translation>
    </message>
    <message>
        <source>Do nothing</source>
        <translation>不处理</translation>
    </message>
</context>
<context>
    <name>DroppedModels</name>
    <message>
        <source>Ask next time</source>
        <translation>下次再问</translation>
    </message>
    <message>
        <source>Used in place, as chosen before.</source>
        <translation>已按先前的选择在原处使用。</translation>
    </message>
    <message>
        <source>Copied into the models folder, as chosen before.</source>
        <translation>已按先前的选择复制到模型文件夹。</translation>
    </message>
</context>
<context>
    <name>EmptyState</name>
    <message>
        <source>Say something, and {name} will answer.</source>
        <translation>说点什么，{name}会回答。</translation>
    </message>
    <message>
        <source>Say something, and it will answer; or choose who does.</source>
        <translation>说点什么，自有回应；也可以选一位来答。</translation>
    </message>
    <message>
        <source>Say something, and it will answer.</source>
        <translation>说点什么，自有知音。</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>The model file {path} is not there any more. Choose another model, or put the file back.</source>
        <translation>模型文件 {path} 已不在原处。请另选一个模型，或把文件放回去。</translation>
    </message>
    <message>
        <source>The model file {path} cannot be read ({detail}). Check its permissions and the disk.</source>
        <translation>无法读取模型文件 {path}（{detail}）。请检查文件权限和磁盘。</translation>
    </message>
    <message>
        <source>{path} is a folder and no model file. If it is a checkpoint, convert it first.</source>
        <translation>{path} 是文件夹，不是模型文件。如果它是检查点，请先转换。</translation>
    </message>
    <message>
        <source>{path} is not a GGUF model, or its download failed. Choose another file, or download it again.</source>
        <translation>{path} 不是 GGUF 模型，或下载时已损坏；请选择其他文件，或重新下载。</translation>
    </message>
    <message>
        <source>{path} is a GGUF file of version {version}, which is not supported. Download a newer file.</source>
        <translation>{path} 是第 {version} 版的 GGUF 文件，尚不支持。请下载较新的文件。</translation>
    </message>
    <message>
        <source>{path} is incomplete: {actual} of {expected} are there. Download it again.</source>
        <translation>{path} 不完整：应有 {expected}，只有 {actual}。请重新下载。</translation>
    </message>
    <message>
        <source>{path} is damaged ({detail}). Download it again.</source>
        <translation>{path} 已损坏（{detail}）。请重新下载。</translation>
    </message>
    <message>
        <source>Part {part} of the model {path} is missing. Put all parts into one folder.</source>
        <translation>模型 {path} 缺少第 {part} 部分。请把所有部分放在同一个文件夹里。</translation>
    </message>
    <message>
        <source>{path} has the architecture “{architecture}”, which this version cannot run. Choose another model, or update Zhiyin.</source>
        <translation>{path} 的架构是“{architecture}”，此版本无法运行。请另选一个模型，或更新知音。</translation>
    </message>
    <message>
        <source>{path} ({architecture}) is not a model that can chat. Choose a chat model.</source>
        <translation>{path}（{architecture}）不是能对话的模型。请选择对话模型。</translation>
    </message>
    <message>
        <source>{path} needs about {need} of memory and {free} are free. Close other programs, or choose a smaller model.</source>
        <translation>{path} 约需 {need} 内存，而空闲的只有 {free}。请关闭其他程序，或选择较小的模型。</translation>
    </message>
    <message>
        <source>{path} could not be loaded ({detail}). Choose another model, or download it again.</source>
        <translation>无法加载 {path}（{detail}）。请另选一个模型，或重新下载。</translation>
    </message>
    <message>
        <source>There is no model “{name}” in the library. Choose another model.</source>
        <translation>模型库里没有“{name}”。请另选一个模型。</translation>
    </message>
    <message>
        <source>The file {path} of the loaded model has been deleted. You can go on until the model is unloaded; then put the file back.</source>
        <translation>已加载模型的文件 {path} 被删除了。在卸载之前仍可继续使用；之后请把文件放回去。</translation>
    </message>
    <message>
        <source>No model is loaded. Choose a model first.</source>
        <translation>还没有加载模型。请先选择一个模型。</translation>
    </message>
    <message>
        <source>This model brings no chat template, so ChatML is used. Its answers may be odd.</source>
        <translation>这个模型没有自带对话模板，因此改用 ChatML，回答可能有些奇怪。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template failed ({detail}). Choose another model.</source>
        <translation>模型的对话模板出错（{detail}）。请另选一个模型。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template did not end within {seconds} s. Choose another model.</source>
        <translation>模型的对话模板在 {seconds} 秒内没有运行完。请另选一个模型。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template writes more than {limit} characters. Choose another model.</source>
        <translation>模型的对话模板写出了超过 {limit} 个字符。请另选一个模型。</translation>
    </message>
    <message>
        <source>This model&apos;s chat template cannot continue a reply. Write the reply anew instead.</source>
        <translation>这个模型的对话模板不支持续写。请改为重写这条回复。</translation>
    </message>
    <message>
        <source>The message has {tokens} tokens and {limit} fit: {over} too many. Shorten it, send it in parts, or set a larger context.</source>
        <translation>这条消息有 {tokens} 个词元，最多放得下 {limit} 个，超出 {over} 个。请缩短、分几次发送，或把上下文设得更大。</translation>
    </message>
    <message>
        <source>The context is full: the {turns} oldest turns were left out.</source>
        <translation>上下文已满：略去了最早的 {turns} 条。</translation>
    </message>
    <message>
        <source>The context is {given} tokens instead of {wanted}: more does not fit into memory.</source>
        <translation>上下文是 {given} 个词元，而不是 {wanted} 个：内存放不下更多。</translation>
    </message>
    <message>
        <source>The engine could not be started ({detail}). Install Zhiyin again.</source>
        <translation>引擎无法启动（{detail}）。请重新安装知音。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly ({reason}). What was written is kept; load the model again to go on.</source>
        <translation>引擎意外退出（{reason}）。已写出的内容都在；重新加载模型即可继续。</translation>
    </message>
    <message>
        <source>The engine did not answer for {seconds} s and was ended. Load the model again to go on.</source>
        <translation>引擎 {seconds} 秒没有响应，已将它结束。重新加载模型即可继续。</translation>
    </message>
    <message>
        <source>The engine speaks version {theirs} and the window {ours}. Install Zhiyin again.</source>
        <translation>引擎的协议是第 {theirs} 版，窗口是第 {ours} 版。请重新安装知音。</translation>
    </message>
    <message>
        <source>The engine failed ({detail}). Load the model again; if it goes on, choose another.</source>
        <translation>引擎出错（{detail}）。请重新加载模型；若仍如此，请另选一个。</translation>
    </message>
    <message>
        <source>The model could not go on ({detail}). Load the model again.</source>
        <translation>模型无法继续（{detail}）。请重新加载模型。</translation>
    </message>
    <message>
        <source>The device at {address} cannot be reached. Check that its server runs, or remove it.</source>
        <translation>连不上位于 {address} 的设备。请确认它的服务正在运行，或将它移除。</translation>
    </message>
    <message>
        <source>The GPU is not used: this build of the engine cannot use the {maker} card. Install its toolkit, then set up again.</source>
        <translation>没有使用 GPU：此版本的引擎无法使用 {maker} 显卡。请装好它的开发工具包，再重新安装。</translation>
    </message>
    <message>
        <source>The GPU is not used: too little memory is free on {device}. Close other programs, or choose a smaller model.</source>
        <translation>没有使用 GPU：{device} 的空闲显存太少。请关闭其他程序，或换用更小的模型。</translation>
    </message>
    <message>
        <source>There is nothing at {path}. Check the path.</source>
        <translation>找不到 {path}，请检查路径。</translation>
    </message>
    <message>
        <source>{path} cannot be read ({detail}). Check its permissions and the disk.</source>
        <translation>无法读取 {path}（{detail}），请检查权限和磁盘。</translation>
    </message>
    <message>
        <source>There is no character card in {path}. Choose the file that was made for download.</source>
        <translation>{path} 里没有角色卡。请选择供下载的原始文件。</translation>
    </message>
    <message>
        <source>{path} cannot be read as a card ({detail}). Get the file anew.</source>
        <translation>{path} 无法作为角色卡读取（{detail}）。请重新获取该文件。</translation>
    </message>
    <message>
        <source>{path} is too large for a card: at most {size} are read. Get a smaller one.</source>
        <translation>{path} 作为角色卡过大：最多读取 {size}。请换一个较小的。</translation>
    </message>
    <message>
        <source>{path} is empty. Get the file anew.</source>
        <translation>{path} 是空的。请重新获取该文件。</translation>
    </message>
    <message>
        <source>{path} is not a file. Choose a file with a card.</source>
        <translation>{path} 不是文件。请选择含有角色卡的文件。</translation>
    </message>
    <message>
        <source>{path} is being changed by another program. Try again in a moment.</source>
        <translation>{path} 正被另一个程序修改。请稍后再试。</translation>
    </message>
    <message>
        <source>{path} is nested too deeply for a card, so nothing of it was taken. Get it from elsewhere.</source>
        <translation>{path} 的嵌套层次过深，不可能是角色卡，未取用其中任何内容。请从别处获取。</translation>
    </message>
    <message>
        <source>{path} is not safe to open ({detail}). Nothing of it was taken; get it from elsewhere.</source>
        <translation>打开 {path} 不安全（{detail}）。未取用其中任何内容；请从别处获取。</translation>
    </message>
    <message>
        <source>{path} cannot be written ({detail}). Choose another place.</source>
        <translation>无法写入 {path}（{detail}）。请另选位置。</translation>
    </message>
    <message>
        <source>{path} cannot be used as a picture ({detail}). Choose a PNG, JPEG or WebP file.</source>
        <translation>{path} 无法用作图片（{detail}）。请选择 PNG、JPEG 或 WebP 文件。</translation>
    </message>
    <message>
        <source>{path} cannot be read as a lorebook ({detail}). Choose another file.</source>
        <translation>{path} 无法作为世界书读取（{detail}）。请选择其他文件。</translation>
    </message>
    <message>
        <source>{path} cannot be read as a task ({detail}). Choose another file.</source>
        <translation>{path} 无法作为任务读取（{detail}）。请选择其他文件。</translation>
    </message>
    <message>
        <source>Reading cards ended unexpectedly ({detail}). Try again; what was imported is kept.</source>
        <translation>读取角色卡意外中止（{detail}）。请再试；已导入的都会保留。</translation>
    </message>
    <message>
        <source>{path} is no Hugging Face checkpoint: there is no config.json with weights in it. Choose the folder that the fine-tuning wrote.</source>
        <translation>{path} 不是 Hugging Face 检查点：其中没有 config.json 和权重文件，请选择微调输出的文件夹。</translation>
    </message>
    <message>
        <source>{path} was changed while it was being read, so nothing was written. Wait until nothing writes there, then try again.</source>
        <translation>读取期间 {path} 被改动了，没有写出任何文件；请等其他程序写完后重试。</translation>
    </message>
    <message>
        <source>The architecture “{architecture}” is not supported. Supported are: {detail}.</source>
        <translation>不支持架构“{architecture}”，支持的有：{detail}。</translation>
    </message>
    <message>
        <source>The model&apos;s sliding window of {tokens} tokens is not applied. In longer conversations its answers may get worse.</source>
        <translation>该模型 {tokens} 个词元的滑动窗口不会生效，更长的对话中回答可能变差。</translation>
    </message>
    <message>
        <source>“{name}” in {path} is not supported or cannot be right ({detail}). Check that the checkpoint is whole, or use another.</source>
        <translation>{path} 中的“{name}”不受支持或不合理（{detail}）。请检查检查点是否完整，或换一个检查点。</translation>
    </message>
    <message>
        <source>The weight file {path} is missing. Download or copy the checkpoint again.</source>
        <translation>缺少权重文件 {path}，请重新下载或复制检查点。</translation>
    </message>
    <message>
        <source>The weight file {path} is incomplete: {actual} of {expected} are there. Download it again.</source>
        <translation>权重文件 {path} 不完整：应有 {expected}，实际只有 {actual}，请重新下载。</translation>
    </message>
    <message>
        <source>The weight file {path} is damaged ({detail}). Download it again.</source>
        <translation>权重文件 {path} 已损坏（{detail}），请重新下载。</translation>
    </message>
    <message>
        <source>The index names {path}, which lies outside of the checkpoint&apos;s folder, so it is refused. Use checkpoints that you trust.</source>
        <translation>索引指向了检查点文件夹之外的 {path}，已拒绝；请只使用可信的检查点。</translation>
    </message>
    <message>
        <source>{path} wants to run “{name}”, so it is refused. Use the checkpoint&apos;s safetensors files instead.</source>
        <translation>{path} 想要运行“{name}”，已拒绝；请改用 safetensors 格式的检查点。</translation>
    </message>
    <message>
        <source>The tensor “{name}” is missing from the checkpoint. Check that all of it was downloaded.</source>
        <translation>检查点缺少张量“{name}”，请检查下载是否完整。</translation>
    </message>
    <message>
        <source>The tensor “{name}” is unknown to this architecture, so the model would be wrong. If it is of an adapter, add it as one.</source>
        <translation>检查点含有未知的张量“{name}”，得到的模型会是错的；如果它是适配器的，请把它作为适配器添加。</translation>
    </message>
    <message>
        <source>The tensor “{name}” is {actual}, but the configuration asks for {wanted}. Check that config.json belongs to these weights.</source>
        <translation>张量“{name}”的形状是 {actual}，而配置要求 {wanted}，请检查 config.json 是否属于这些权重。</translation>
    </message>
    <message>
        <source>The tensor “{name}” has the type {detail}, which is not supported. Use a checkpoint that is not quantized (F32, F16 or BF16).</source>
        <translation>张量“{name}”的类型 {detail} 不受支持，请改用未量化的检查点（F32、F16 或 BF16）。</translation>
    </message>
    <message>
        <source>The tensor “{name}” holds NaN or infinity: the training probably diverged. Use another checkpoint.</source>
        <translation>张量“{name}”含有 NaN 或无穷大，训练可能已发散，请换一个检查点。</translation>
    </message>
    <message>
        <source>There is no tokenizer (tokenizer.json or tokenizer.model) in {path}. Copy it there from the base model.</source>
        <translation>{path} 中没有分词器（tokenizer.json 或 tokenizer.model），请从基础模型复制过来。</translation>
    </message>
    <message>
        <source>The tokenizer {path} cannot be read ({detail}). Copy it again from the base model.</source>
        <translation>无法读取分词器 {path}（{detail}），请从基础模型重新复制。</translation>
    </message>
    <message>
        <source>This tokenizer is not supported ({detail}). Use another checkpoint.</source>
        <translation>不支持这个分词器（{detail}），请换一个检查点。</translation>
    </message>
    <message>
        <source>The converted tokenizer differs from the source&apos;s, so the conversion was ended: “{detail}” should be {wanted} and is {given}.</source>
        <translation>转换后的分词结果与原来不同，转换已停止：“{detail}”应为 {wanted}，得到 {given}。</translation>
    </message>
    <message>
        <source>The source&apos;s tokenizer rewrites some Unicode text (such as “{detail}”); the converted model does not.</source>
        <translation>原分词器会改写某些 Unicode 文本（例如“{detail}”），转换后的模型不会。</translation>
    </message>
    <message>
        <source>The source&apos;s tokenizer treats spaces beside special tokens (such as “{detail}”) differently from the converted model.</source>
        <translation>原分词器在特殊标记旁边对空格的处理与转换后的模型不同（例如“{detail}”），这些文本的分词会有差别。</translation>
    </message>
    <message>
        <source>The chat template {path} cannot be used ({detail}). Choose another.</source>
        <translation>无法使用对话模板 {path}（{detail}），请另选一个。</translation>
    </message>
    <message>
        <source>The adapter {path} cannot be read ({detail}). Download or export it again.</source>
        <translation>适配器 {path} 无法读取（{detail}），请重新下载或导出。</translation>
    </message>
    <message>
        <source>The adapter {path} belongs to another base: “{name}” does not fit ({detail}). Choose the base that it was trained on.</source>
        <translation>适配器 {path} 属于另一个基础模型：“{name}”对不上（{detail}），请换成匹配的基础模型。</translation>
    </message>
    <message>
        <source>The adapter {path} uses what is not supported ({detail}). Merge it with the tool that trained it first.</source>
        <translation>适配器 {path} 使用了不支持的功能（{detail}），请先用训练工具合并。</translation>
    </message>
    <message>
        <source>The adapter {path} cannot be written as a GGUF adapter ({detail}). Merge it into its base instead.</source>
        <translation>适配器 {path} 不能写成 GGUF 适配器（{detail}），请改为合并到基础模型里。</translation>
    </message>
    <message>
        <source>There is no quantization type “{name}”. There are: {detail}.</source>
        <translation>没有量化类型“{name}”，可选：{detail}。</translation>
    </message>
    <message>
        <source>The type {name} needs an importance matrix. Calibrate the model first.</source>
        <translation>类型 {name} 需要重要性矩阵，请先校准模型。</translation>
    </message>
    <message>
        <source>{path} is quantized already ({name}), and quantizing it again would lose quality. Use an F32, F16 or BF16 file.</source>
        <translation>{path} 已经量化为 {name}，再次量化会损失质量，请使用 F32、F16 或 BF16 的文件。</translation>
    </message>
    <message>
        <source>The importance matrix {path} cannot be read ({detail}). Make it again.</source>
        <translation>重要性矩阵 {path} 无法读取（{detail}），请重新生成。</translation>
    </message>
    <message>
        <source>The importance matrix {path} was made for another model: “{name}” does not fit. Make one for this model.</source>
        <translation>重要性矩阵 {path} 属于另一个模型：“{name}”对不上，请为这个模型重新生成。</translation>
    </message>
    <message>
        <source>The text has {tokens} tokens and at least {wanted} are needed. Give more text.</source>
        <translation>文本只有 {tokens} 个词元，至少需要 {wanted} 个，请提供更多文本。</translation>
    </message>
    <message>
        <source>The text {path} cannot be read ({detail}). Use a text file in UTF-8.</source>
        <translation>无法读取文本 {path}（{detail}），请使用 UTF-8 文本文件。</translation>
    </message>
    <message>
        <source>The vocabulary of {path} differs from the model&apos;s, so it cannot be the reference. Choose the F16 or BF16 file of the same model.</source>
        <translation>{path} 的词表与要评估的模型不同，不能作为参考，请选同一个模型的 F16 或 BF16 文件。</translation>
    </message>
    <message>
        <source>{path} is there already and is not overwritten. Choose another name, or move it away first.</source>
        <translation>{path} 已经存在，不会覆盖；请换一个名字，或先把它移走。</translation>
    </message>
    <message>
        <source>{path} cannot be written ({detail}). Check its permissions, or choose another folder.</source>
        <translation>无法写入 {path}（{detail}），请检查权限，或换一个文件夹。</translation>
    </message>
    <message>
        <source>Another task or program is writing {path}. Wait until it ends, or choose another name.</source>
        <translation>另一项任务或另一个程序正在写入 {path}，请等它结束，或换一个名字。</translation>
    </message>
    <message>
        <source>The disk of {path} needs {need} and has {free} free. Free some space, or choose another place.</source>
        <translation>{path} 所在磁盘需要 {need} 空间，只剩 {free}，请清理磁盘或换一个位置。</translation>
    </message>
    <message>
        <source>The disk of {path} is full; no half file is left. Free some space, then try again.</source>
        <translation>{path} 所在磁盘已满，没有留下不完整的文件；请清理磁盘后重试。</translation>
    </message>
    <message>
        <source>The disk of {path} is full. What was downloaded stays; free some space, then resume.</source>
        <translation>{path} 所在磁盘已满，已下载的部分会保留；请清理磁盘后继续下载。</translation>
    </message>
    <message>
        <source>Measuring was stopped; the model is finished and is kept.</source>
        <translation>已停止测量；模型已经完成，予以保留。</translation>
    </message>
    <message>
        <source>{address} cannot be reached ({detail}). Check the network and the proxy, or choose another source.</source>
        <translation>连接不上 {address}（{detail}），请检查网络或代理，或换一个来源。</translation>
    </message>
    <message>
        <source>{address} has sent nothing for {seconds} s. Try again later, or choose another source.</source>
        <translation>{address} 已有 {seconds} 秒没有传来数据，请稍后再试，或换一个来源。</translation>
    </message>
    <message>
        <source>The proxy {address} cannot be used ({detail}). Check the proxy in the settings.</source>
        <translation>代理 {address} 无法使用（{detail}），请在设置中检查代理。</translation>
    </message>
    <message>
        <source>The certificate of {address} cannot be trusted ({detail}). Check the computer&apos;s clock and the network.</source>
        <translation>{address} 的安全证书不可信（{detail}），请检查系统时间和网络。</translation>
    </message>
    <message>
        <source>{address} redirects without end, or to an insecure connection. Choose another source.</source>
        <translation>{address} 反复重定向或要求不安全的连接，请换一个来源。</translation>
    </message>
    <message>
        <source>Offline mode is on. Switch it off in the settings first.</source>
        <translation>已开启离线模式，请先在设置中关闭。</translation>
    </message>
    <message>
        <source>{address} gets too many requests. Try again in {seconds} s.</source>
        <translation>对 {address} 的请求过多，请在 {seconds} 秒后再试。</translation>
    </message>
    <message>
        <source>{address} has trouble ({detail}). Try again later, or choose another source.</source>
        <translation>{address} 出错了（{detail}），请稍后再试，或换一个来源。</translation>
    </message>
    <message>
        <source>What {address} answers cannot be understood ({detail}). Choose another source.</source>
        <translation>{address} 的回答无法理解（{detail}），请换一个来源。</translation>
    </message>
    <message>
        <source>There is no {name} at {address}. Check the name.</source>
        <translation>在 {address} 找不到 {name}，请检查名称。</translation>
    </message>
    <message>
        <source>{name} wants its licence accepted first: sign in at {address}, accept it, and enter your token in the settings.</source>
        <translation>{name} 需要先接受许可：请登录 {address} 接受，并在设置中填写令牌。</translation>
    </message>
    <message>
        <source>{name} can only be downloaded with an account at {address}. Enter your token in the settings.</source>
        <translation>{name} 需要登录 {address} 才能下载，请在设置中填写令牌。</translation>
    </message>
    <message>
        <source>{address} does not accept the token; it may have expired or been revoked. Enter a new one in the settings.</source>
        <translation>{address} 不接受令牌，可能已过期或被撤销，请在设置中更换。</translation>
    </message>
    <message>
        <source>{name} has no such file. There are: {detail}.</source>
        <translation>{name} 中没有所要的文件，可选：{detail}。</translation>
    </message>
    <message>
        <source>No source is switched on. Switch one on in the settings.</source>
        <translation>没有启用任何来源，请在设置中启用一个。</translation>
    </message>
    <message>
        <source>The process that asks the sources ended ({detail}). Try again.</source>
        <translation>查询模型来源的进程意外结束（{detail}），请重试。</translation>
    </message>
    <message>
        <source>{address} is not an address that can be used. Begin it with http:// or https://.</source>
        <translation>{address} 不是可用的网址，请以 http:// 或 https:// 开头。</translation>
    </message>
    <message>
        <source>The file name “{name}” is not safe, so it was not downloaded. Choose another repository.</source>
        <translation>文件名“{name}”不安全，未下载；请换一个仓库。</translation>
    </message>
    <message>
        <source>{name} changed at {address} while it was downloaded. Download it again.</source>
        <translation>{address} 上的 {name} 在下载期间改变了，请重新下载。</translation>
    </message>
    <message>
        <source>{name} has the wrong length: {actual} instead of {expected}. Choose another source.</source>
        <translation>{name} 的长度不对：应为 {expected}，实际 {actual}；请换一个来源。</translation>
    </message>
    <message>
        <source>The checksum of {name} from {address} is wrong, so it was not taken into the library. Try again with another source.</source>
        <translation>从 {address} 下载的 {name} 校验值不符，未加入模型库；请换一个来源重试。</translation>
    </message>
    <message>
        <source>{address} did not serve {name} ({detail}), so another source stood in.</source>
        <translation>{address} 不可用（{detail}），{name} 改从其他来源下载。</translation>
    </message>
    <message>
        <source>This system has no keyring. The token is kept in {path}, which only you can read.</source>
        <translation>系统没有钥匙串，令牌保存在只有您能读取的文件 {path} 中。</translation>
    </message>
    <message>
        <source>{path} is not what was downloaded; it may be damaged. Move it to the trash, then download it again.</source>
        <translation>{path} 与下载时不同，可能已损坏；请先移到回收站，再重新下载。</translation>
    </message>
    <message>
        <source>No checksum was known of {path}; the present one is kept for the next time.</source>
        <translation>{path} 此前没有已知的校验值，已记下当前的。</translation>
    </message>
    <message>
        <source>There is a model “{name}” already. Choose another name.</source>
        <translation>已有名为“{name}”的模型，请换一个名称。</translation>
    </message>
    <message>
        <source>“{name}” cannot be a name. Choose another.</source>
        <translation>“{name}”不能用作名称，请换一个。</translation>
    </message>
    <message>
        <source>{path} could not be moved to the trash ({detail}). Delete it by hand.</source>
        <translation>无法把 {path} 移到回收站（{detail}），请手动删除。</translation>
    </message>
    <message>
        <source>The folder {path} cannot be used ({detail}). Choose another.</source>
        <translation>无法使用文件夹 {path}（{detail}），请选择其他文件夹。</translation>
    </message>
    <message>
        <source>The library {path} is held by another program. Try again in a moment.</source>
        <translation>模型库 {path} 正被另一个程序占用，请稍后再试。</translation>
    </message>
    <message>
        <source>The library {path} cannot be written ({detail}). Check its permissions and the disk.</source>
        <translation>无法写入模型库 {path}（{detail}），请检查权限和磁盘。</translation>
    </message>
    <message>
        <source>The list of models was damaged. What could be read of it stays; the rest may lack names, notes and origins. It is kept as {path}.</source>
        <translation>模型列表已损坏，能读出的都已保留，其余可能丢失了名称、备注和来源；原文件保存在 {path}。</translation>
    </message>
    <message>
        <source>The job ended unexpectedly: {reason} ({detail}). Start it again: it goes on where it was.</source>
        <translation>任务意外结束：{reason}（{detail}）。请重新开始，它会从中断处继续。</translation>
    </message>
    <message>
        <source>There is no job “{name}”.</source>
        <translation>没有任务“{name}”。</translation>
    </message>
    <message>
        <source>Something went wrong inside the job ({detail}). Try again; if it happens again, please report it.</source>
        <translation>任务内部出错（{detail}），请重试；若再次发生，请报告这个问题。</translation>
    </message>
    <message>
        <source>The engine did not understand a request ({detail}). Install Zhiyin again.</source>
        <translation>引擎没有看懂一个请求（{detail}）。请重新安装知音。</translation>
    </message>
    <message>
        <source>The conversation is too large to be sent (more than {limit}). Shorten it.</source>
        <translation>对话太大，无法发送（超过 {limit}）。请缩短。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full: nothing can be saved. Free some space; nothing that was saved is lost.</source>
        <translation>{path} 所在的磁盘已满，无法保存。请腾出一些空间；已保存的内容都在。</translation>
    </message>
    <message>
        <source>{path} cannot be written to, so conversations cannot be saved. Check its permissions, or start Zhiyin with another --data-dir.</source>
        <translation>无法写入 {path}，因此不能保存对话。请检查权限，或用 --data-dir 指定另一个文件夹启动知音。</translation>
    </message>
    <message>
        <source>Another program is using {path}. Close it, then try again.</source>
        <translation>另一个程序正在使用 {path}。请将它关闭后再试。</translation>
    </message>
    <message>
        <source>The conversations in {path} are damaged. The damaged file is kept; you can go back to the last good backup.</source>
        <translation>{path} 中的对话已损坏。损坏的文件会保留；可以回到最近一次完好的备份。</translation>
    </message>
    <message>
        <source>{path} was written by a newer Zhiyin (format {found}; this one knows {known}). Update Zhiyin; nothing was changed.</source>
        <translation>{path} 由更新版本的知音写成（格式 {found}，此版本只认得 {known}）。请更新知音；文件没有任何改动。</translation>
    </message>
    <message>
        <source>The disk refused to read or write {path} ({detail}). Check the disk, then try again.</source>
        <translation>磁盘无法读写 {path}（{detail}）。请检查磁盘后再试。</translation>
    </message>
    <message>
        <source>The data folder {path} cannot be used ({detail}). Check its permissions, or start Zhiyin with another --data-dir.</source>
        <translation>数据文件夹 {path} 无法使用（{detail}）。请检查权限，或用 --data-dir 指定另一个文件夹启动知音。</translation>
    </message>
    <message>
        <source>What you asked for is not there any more.</source>
        <translation>你要找的内容已经不在了。</translation>
    </message>
    <message>
        <source>This reply is still being written. Stop it first.</source>
        <translation>这条回复还在写。请先停止。</translation>
    </message>
    <message>
        <source>The conversations are closed. Start Zhiyin again.</source>
        <translation>对话已关闭。请重新启动知音。</translation>
    </message>
    <message>
        <source>{path} could not be used ({detail}). Start Zhiyin again.</source>
        <translation>无法使用 {path}（{detail}）。请重新启动知音。</translation>
    </message>
    <message>
        <source>The command was not understood ({detail}).</source>
        <translation>看不懂这个命令（{detail}）。</translation>
    </message>
    <message>
        <source>the checksum is wrong</source>
        <translation>校验值不符</translation>
    </message>
    <message>
        <source>the length is wrong</source>
        <translation>长度不对</translation>
    </message>
    <message>
        <source>the file changed</source>
        <translation>内容已改变</translation>
    </message>
    <message>
        <source>nothing came</source>
        <translation>没有数据传来</translation>
    </message>
    <message>
        <source>too many requests</source>
        <translation>请求过多</translation>
    </message>
    <message>
        <source>no such file</source>
        <translation>没有该文件</translation>
    </message>
    <message>
        <source>the licence is not accepted</source>
        <translation>需先接受许可</translation>
    </message>
    <message>
        <source>an account is needed</source>
        <translation>需要账号</translation>
    </message>
    <message>
        <source>the token is not accepted</source>
        <translation>令牌无效</translation>
    </message>
    <message>
        <source>it redirects wrongly</source>
        <translation>重定向有误</translation>
    </message>
    <message>
        <source>the file breaks off</source>
        <translation>文件不完整</translation>
    </message>
    <message>
        <source>the JSON is broken at line {line}</source>
        <translation>JSON 第 {line} 行有误</translation>
    </message>
    <message>
        <source>the text is not UTF-8</source>
        <translation>文字不是 UTF-8 编码</translation>
    </message>
    <message>
        <source>a number in it is none</source>
        <translation>其中有无效的数字</translation>
    </message>
    <message>
        <source>the JSON is no object</source>
        <translation>JSON 的内容不是对象</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>there are no entries</source>
        <translation>没有条目</translation>
    </message>
    <message>
        <source>the packed text is damaged</source>
        <translation>压缩的文字已损坏</translation>
    </message>
    <message>
        <source>the archive is damaged</source>
        <translation>压缩包已损坏</translation>
    </message>
    <message>
        <source>the archive breaks off</source>
        <translation>压缩包不完整</translation>
    </message>
    <message>
        <source>the archive lists too many files</source>
        <translation>压缩包里的文件太多</translation>
    </message>
    <message>
        <source>the archive is encrypted</source>
        <translation>压缩包已加密</translation>
    </message>
    <message>
        <source>the picture has too many parts</source>
        <translation>图片的分块太多</translation>
    </message>
    <message>
        <source>it takes too much memory</source>
        <translation>需要的内存太多</translation>
    </message>
    <message>
        <source>a fault in the program; the log has more</source>
        <translation>程序内部出错，详见日志</translation>
    </message>
    <message>
        <source>no picture of a known kind</source>
        <translation>不是已知格式的图片</translation>
    </message>
    <message>
        <source>the picture is damaged</source>
        <translation>图片已损坏</translation>
    </message>
    <message>
        <source>it is not there</source>
        <translation>文件不存在</translation>
    </message>
    <message>
        <source>permission denied</source>
        <translation>没有权限</translation>
    </message>
    <message>
        <source>the disk is read-only</source>
        <translation>磁盘为只读</translation>
    </message>
    <message>
        <source>the disk is full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>it is a folder</source>
        <translation>这是一个文件夹</translation>
    </message>
    <message>
        <source>it is no folder</source>
        <translation>不是文件夹</translation>
    </message>
    <message>
        <source>the disk failed</source>
        <translation>磁盘读写失败</translation>
    </message>
    <message>
        <source>the name is too long</source>
        <translation>名称过长</translation>
    </message>
    <message>
        <source>Something went wrong ({code}).</source>
        <translation>出错了（{code}）。</translation>
    </message>
    <message>
        <source>exit code {code}</source>
        <translation>退出码 {code}</translation>
    </message>
</context>
<context>
    <name>EvaluationChart</name>
    <message>
        <source>{before} before, {change}</source>
        <translation>原为 {before}，{change}</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>困惑度</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致率</translation>
    </message>
    <message>
        <source>same next token</source>
        <translation>下一个词元相同</translation>
    </message>
    <message>
        <source>{part} of {size}</source>
        <translation>{size} 的 {part}</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>{before} before</source>
        <translation>原为 {before}</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>{speed} tok/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>Chinese</source>
        <translation>中文</translation>
    </message>
    <message>
        <source>English</source>
        <translation>英文</translation>
    </message>
    <message>
        <source>{name}: {value} ({comparison})</source>
        <translation>{name}：{value}（{comparison}）</translation>
    </message>
    <message>
        <source>{name}: {value}</source>
        <translation>{name}：{value}</translation>
    </message>
    <message>
        <source>{text}: perplexity {value}</source>
        <translation>{text}：困惑度 {value}</translation>
    </message>
    <message>
        <source>Divergence: {mean} on average, 99 % of the tokens below {tail}</source>
        <translation>散度：平均 {mean}，99 % 的词元低于 {tail}</translation>
    </message>
    <message>
        <source>Evaluation of {type}</source>
        <translation>{type} 的评估</translation>
    </message>
    <message>
        <source>Perplexity per text; lower is better</source>
        <translation>各文本的困惑度，越低越好</translation>
    </message>
    <message>
        <source>the checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Divergence in nats, by share of tokens</source>
        <translation>散度（奈特），按词元比例</translation>
    </message>
    <message>
        <source>{type} against the checkpoint</source>
        <translation>{type} 与检查点对比</translation>
    </message>
</context>
<context>
    <name>ExampleDialog</name>
    <message>
        <source>Add an example</source>
        <translation>添加示例</translation>
    </message>
    <message>
        <source>Example {number}</source>
        <translation>示例 {number}</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>How one comes to it (optional, given when it is to think first)</source>
        <translation>怎么想到的（可不填，先思考时给模型看）</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>FirstRunPage</name>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>A friend who lives on your machine</source>
        <translation>住在你电脑里的知音</translation>
    </message>
    <message>
        <source>There is no model yet. Download one, or open a GGUF file you have.</source>
        <translation>还没有模型。可以下载一个，或打开已有的 GGUF 文件。</translation>
    </message>
    <message>
        <source>There is no model yet. Begin with the small one that came along, or open a GGUF file you have.</source>
        <translation>还没有模型。可以先用随附的小模型，或打开已有的 GGUF 文件。</translation>
    </message>
    <message>
        <source>There is no model yet. Open a GGUF file you have.</source>
        <translation>还没有模型。请打开已有的 GGUF 文件。</translation>
    </message>
    <message>
        <source>Use the starter model</source>
        <translation>使用入门模型</translation>
    </message>
    <message>
        <source>Open a GGUF file…</source>
        <translation>打开 GGUF 文件……</translation>
    </message>
    <message>
        <source>or drop one onto this window</source>
        <translation>也可以把文件拖进这个窗口</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Loading the model, {percent}</source>
        <translation>正在加载模型，{percent}</translation>
    </message>
    <message>
        <source>Asking for {name}…</source>
        <translation>正在询问 {name}……</translation>
    </message>
    <message>
        <source>{name} waits for its turn</source>
        <translation>{name} 排队中</translation>
    </message>
    <message>
        <source>{name} is paused; the downloads have more</source>
        <translation>{name} 已暂停；详情见下载页</translation>
    </message>
    <message>
        <source>Downloading {name}</source>
        <translation>正在下载 {name}</translation>
    </message>
</context>
<context>
    <name>HealthDot</name>
    <message>
        <source>no answer</source>
        <translation>无响应</translation>
    </message>
    <message>
        <source>{count} ms</source>
        <translation>{count} 毫秒</translation>
    </message>
</context>
<context>
    <name>HubDetails</name>
    <message>
        <source>Stopped waiting for an answer.</source>
        <translation>已停止等待。</translation>
    </message>
</context>
<context>
    <name>HubSearch</name>
    <message>
        <source>The search was cancelled.</source>
        <translation>搜索已取消。</translation>
    </message>
</context>
<context>
    <name>InspectionCard</name>
    <message>
        <source>Another checkpoint</source>
        <translation>换一个检查点</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层数</translation>
    </message>
    <message>
        <source>Trained context</source>
        <translation>训练上下文</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>词表</translation>
    </message>
    <message>
        <source>Tokenizer</source>
        <translation>分词器</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>{tokens} tokens</source>
        <translation>{tokens} 词元</translation>
    </message>
    <message>
        <source>none; ChatML is used</source>
        <translation>无，将使用 ChatML</translation>
    </message>
</context>
<context>
    <name>JobCard</name>
    <message>
        <source>Take out of the list</source>
        <translation>从列表中移除</translation>
    </message>
    <message>
        <source>Chat with it</source>
        <translation>与它对话</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消……</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始……</translation>
    </message>
    <message>
        <source>{time} for this step</source>
        <translation>本步骤{time}</translation>
    </message>
    <message>
        <source>Finished in {time}.</source>
        <translation>已完成，用时 {time}。</translation>
    </message>
    <message>
        <source>It failed.</source>
        <translation>失败了。</translation>
    </message>
    <message>
        <source>It was interrupted, and goes on from the last whole tensor.</source>
        <translation>任务被中断了，可以从最后一个完整的张量继续。</translation>
    </message>
    <message>
        <source>Cancelled; nothing of it is left.</source>
        <translation>已取消，没有留下任何文件。</translation>
    </message>
</context>
<context>
    <name>JobList</name>
    <message>
        <source>Conversions</source>
        <translation>转换任务</translation>
    </message>
</context>
<context>
    <name>Languages</name>
    <message>
        <source>Chinese</source>
        <translation>中文</translation>
    </message>
    <message>
        <source>English</source>
        <translation>英语</translation>
    </message>
    <message>
        <source>Japanese</source>
        <translation>日语</translation>
    </message>
    <message>
        <source>Korean</source>
        <translation>韩语</translation>
    </message>
    <message>
        <source>German</source>
        <translation>德语</translation>
    </message>
    <message>
        <source>French</source>
        <translation>法语</translation>
    </message>
    <message>
        <source>Spanish</source>
        <translation>西班牙语</translation>
    </message>
    <message>
        <source>Portuguese</source>
        <translation>葡萄牙语</translation>
    </message>
    <message>
        <source>Italian</source>
        <translation>意大利语</translation>
    </message>
    <message>
        <source>Russian</source>
        <translation>俄语</translation>
    </message>
    <message>
        <source>Arabic</source>
        <translation>阿拉伯语</translation>
    </message>
    <message>
        <source>Hindi</source>
        <translation>印地语</translation>
    </message>
    <message>
        <source>Vietnamese</source>
        <translation>越南语</translation>
    </message>
    <message>
        <source>Thai</source>
        <translation>泰语</translation>
    </message>
    <message>
        <source>Indonesian</source>
        <translation>印尼语</translation>
    </message>
    <message>
        <source>Turkish</source>
        <translation>土耳其语</translation>
    </message>
    <message>
        <source>Polish</source>
        <translation>波兰语</translation>
    </message>
    <message>
        <source>Dutch</source>
        <translation>荷兰语</translation>
    </message>
    <message>
        <source>Ukrainian</source>
        <translation>乌克兰语</translation>
    </message>
    <message>
        <source>Czech</source>
        <translation>捷克语</translation>
    </message>
    <message>
        <source>Swedish</source>
        <translation>瑞典语</translation>
    </message>
    <message>
        <source>Greek</source>
        <translation>希腊语</translation>
    </message>
    <message>
        <source>Hebrew</source>
        <translation>希伯来语</translation>
    </message>
    <message>
        <source>Persian</source>
        <translation>波斯语</translation>
    </message>
    <message>
        <source>Bengali</source>
        <translation>孟加拉语</translation>
    </message>
    <message>
        <source>Malay</source>
        <translation>马来语</translation>
    </message>
    <message>
        <source>Romanian</source>
        <translation>罗马尼亚语</translation>
    </message>
    <message>
        <source>Hungarian</source>
        <translation>匈牙利语</translation>
    </message>
    <message>
        <source>Danish</source>
        <translation>丹麦语</translation>
    </message>
    <message>
        <source>Finnish</source>
        <translation>芬兰语</translation>
    </message>
</context>
<context>
    <name>LeavingController</name>
    <message>
        <source>A conversion is running. Quit anyway? It goes on at the next start.</source>
        <translation>转换还在进行。仍要退出吗？下次启动后可以继续。</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Keep open</source>
        <translation>不退出</translation>
    </message>
    <message>
        <source>Show Zhiyin</source>
        <translation>显示知音</translation>
    </message>
    <message>
        <source>Zhiyin is converting a model</source>
        <translation>知音正在转换模型</translation>
    </message>
    <message>
        <source>Zhiyin</source>
        <translation>知音</translation>
    </message>
    <message>
        <source>Models are being downloaded. Quit anyway? That goes on at the next start, from where it was.</source>
        <translation>正在下载模型。仍要退出吗？下次启动时会从中断处继续。</translation>
    </message>
    <message>
        <source>Zhiyin is still at work. Quit anyway? It goes on at the next start.</source>
        <translation>知音还有任务在进行。仍要退出吗？下次启动时会继续。</translation>
    </message>
    <message>
        <source>The conversion goes on. You find Zhiyin here until it is done.</source>
        <translation>转换继续进行，完成之前可以在这里找到知音。</translation>
    </message>
    <message>
        <source>The download goes on. You find Zhiyin here until it is done.</source>
        <translation>下载仍在继续。完成之前，您可以在这里找到知音。</translation>
    </message>
    <message>
        <source>The work goes on. You find Zhiyin here until it is done.</source>
        <translation>任务仍在继续。完成之前，您可以在这里找到知音。</translation>
    </message>
    <message>
        <source>Zhiyin is downloading: {percent}</source>
        <translation>知音正在下载：{percent}</translation>
    </message>
    <message>
        <source>Zhiyin is at work</source>
        <translation>知音正在执行任务</translation>
    </message>
    <message>
        <source>The model is ready</source>
        <translation>模型已就绪</translation>
    </message>
    <message>
        <source>The conversion has ended</source>
        <translation>转换已结束</translation>
    </message>
    <message>
        <source>{title}: the model is ready.</source>
        <translation>{title}：模型已就绪。</translation>
    </message>
    <message>
        <source>{title}: the conversion failed.</source>
        <translation>{title}：转换失败。</translation>
    </message>
    <message>
        <source>{title}: the conversion was interrupted, and can go on.</source>
        <translation>{title}：转换被中断了，可以继续。</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>{count} downloads are done.</source>
        <translation>{count} 个下载已完成。</translation>
    </message>
    <message>
        <source>{count} downloads have ended, {failed} of them with an error.</source>
        <translation>{count} 个下载已结束，其中 {failed} 个出错。</translation>
    </message>
    <message>
        <source>the download is done.</source>
        <translation>下载已完成。</translation>
    </message>
    <message>
        <source>the download failed.</source>
        <translation>下载失败。</translation>
    </message>
</context>
<context>
    <name>LibraryContent</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search the models on this computer</source>
        <translation>搜索这台电脑上的模型</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>最近使用</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Open a file…</source>
        <translation>打开文件……</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>更改……</translation>
    </message>
    <message>
        <source>Change the models folder</source>
        <translation>更改模型文件夹</translation>
    </message>
</context>
<context>
    <name>LibraryController</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Models taken out: {count}</source>
        <translation>已移出 {count} 个模型</translation>
    </message>
    <message>
        <source>“{name}” is taken out.</source>
        <translation>“{name}”已移出。</translation>
    </message>
    <message>
        <source>“{name}” is taken out; its file stays.</source>
        <translation>“{name}”已移出，文件还在原处。</translation>
    </message>
    <message>
        <source>“{name}” goes to the trash.</source>
        <translation>“{name}”将移到回收站。</translation>
    </message>
    <message>
        <source>{count} models are in the library now.</source>
        <translation>{count} 个模型已加入模型库。</translation>
    </message>
    <message>
        <source>The models are being moved. Drop the file again when that is done.</source>
        <translation>模型正在移动，请在完成后再拖放文件。</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>“{name}” is in the models folder now.</source>
        <translation>“{name}”已在模型文件夹中。</translation>
    </message>
</context>
<context>
    <name>LibraryJobRow</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消……</translation>
    </message>
    <message>
        <source>Waiting…</source>
        <translation>正在等待……</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始……</translation>
    </message>
    <message>
        <source>Done.</source>
        <translation>完成。</translation>
    </message>
    <message>
        <source>It was interrupted.</source>
        <translation>已中断。</translation>
    </message>
</context>
<context>
    <name>LibraryList</name>
    <message>
        <source>The file is incomplete. Download or copy it again.</source>
        <translation>文件不完整，请重新下载或复制。</translation>
    </message>
    <message>
        <source>The file is damaged. Download or copy it again.</source>
        <translation>文件已损坏，请重新下载或复制。</translation>
    </message>
    <message>
        <source>Parts of it are missing. Put all its files into one folder.</source>
        <translation>缺少部分文件，请把全部文件放在同一个文件夹里。</translation>
    </message>
    <message>
        <source>It is not a model that can chat.</source>
        <translation>这不是可以对话的模型。</translation>
    </message>
    <message>
        <source>It is not a GGUF model.</source>
        <translation>这不是 GGUF 模型。</translation>
    </message>
    <message>
        <source>Its GGUF version is not supported. Download a newer file.</source>
        <translation>不支持它的 GGUF 版本，请下载较新的文件。</translation>
    </message>
    <message>
        <source>The file cannot be read. Check its permissions and the disk.</source>
        <translation>无法读取文件，请检查权限和磁盘。</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>正在校验……</translation>
    </message>
    <message>
        <source>The file is what it should be.</source>
        <translation>校验无误。</translation>
    </message>
    <message>
        <source>Models on this computer</source>
        <translation>这台电脑上的模型</translation>
    </message>
    <message>
        <source>Found on this computer</source>
        <translation>在这台电脑上找到的</translation>
    </message>
    <message>
        <source>The file is not there any more</source>
        <translation>文件已经不在了</translation>
    </message>
    <message>
        <source>in memory</source>
        <translation>已载入内存</translation>
    </message>
    <message>
        <source>an update is available</source>
        <translation>有更新</translation>
    </message>
</context>
<context>
    <name>LibraryView</name>
    <message>
        <source>Choose the folder for models</source>
        <translation>选择存放模型的文件夹</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Check the file again</source>
        <translation>重新校验文件</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Take out of the library</source>
        <translation>移出模型库</translation>
    </message>
    <message>
        <source>Move to the trash</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>{count} models</source>
        <translation>{count} 个模型</translation>
    </message>
    <message>
        <source>1 model</source>
        <translation>1 个模型</translation>
    </message>
    <message>
        <source>{size} free</source>
        <translation>剩余 {size}</translation>
    </message>
</context>
<context>
    <name>LongField</name>
    <message>
        <source>about {count} tokens</source>
        <translation>约 {count} 个词元</translation>
    </message>
</context>
<context>
    <name>LoreBookForm</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Name of the lorebook</source>
        <translation>世界书的名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>What it is about. It is not sent to the model.</source>
        <translation>它讲什么。不会发给模型。</translation>
    </message>
    <message>
        <source>Messages looked through</source>
        <translation>往前看几条消息</translation>
    </message>
    <message>
        <source>How many of the last messages are searched for keys.</source>
        <translation>在最近几条消息里找关键词。</translation>
    </message>
    <message>
        <source>Most tokens</source>
        <translation>最多词元</translation>
    </message>
    <message>
        <source>What goes beyond is left out, the lowest priority first.</source>
        <translation>超出的部分不放，优先级低的先去掉。</translation>
    </message>
    <message>
        <source>Lore that calls up lore</source>
        <translation>条目引出条目</translation>
    </message>
    <message>
        <source>Whether keys are also looked for in entries that were called up.</source>
        <translation>调出来的条目里是否也找关键词。</translation>
    </message>
    <message>
        <source>2, as usual</source>
        <translation>默认（2）</translation>
    </message>
    <message>
        <source>as usual</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
</context>
<context>
    <name>LoreController</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Entries deleted: {count}</source>
        <translation>已删除 {count} 个条目。</translation>
    </message>
    <message>
        <source>“{name}” is deleted.</source>
        <translation>“{name}”已删除。</translation>
    </message>
    <message>
        <source>“{key}” is no regular expression ({detail}); the entry waits for nothing.</source>
        <translation>“{key}”不是正则表达式（{detail}），这个条目不会被调出来。</translation>
    </message>
</context>
<context>
    <name>LoreEditor</name>
    <message>
        <source>Use</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Switch off</source>
        <translation>停用</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>1 entry</source>
        <translation>1 条</translation>
    </message>
    <message>
        <source>{count} entries</source>
        <translation>{count} 条</translation>
    </message>
    <message>
        <source>{shown} of {count} entries</source>
        <translation>{count} 条中的 {shown} 条</translation>
    </message>
    <message>
        <source>Search entries</source>
        <translation>搜索条目</translation>
    </message>
    <message>
        <source>New entry</source>
        <translation>新条目</translation>
    </message>
    <message>
        <source>Settings of this lorebook</source>
        <translation>这本世界书的设置</translation>
    </message>
    <message>
        <source>Entries</source>
        <translation>条目</translation>
    </message>
</context>
<context>
    <name>LoreForm</name>
    <message>
        <source>Name, only for you</source>
        <translation>名称，只给你自己看</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>启用中</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>关键词</translation>
    </message>
    <message>
        <source>A comma or Enter ends a key. Write \, for a comma inside one.</source>
        <translation>用逗号（中英文都行）或回车结束一个关键词。关键词里要有逗号，就写 \,。</translation>
    </message>
    <message>
        <source>Words that call it up: 李白, Li Bai</source>
        <translation>出现哪些词时调出：李白，Li Bai</translation>
    </message>
    <message>
        <source>Further keys</source>
        <translation>附加关键词</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>What the model is told</source>
        <translation>告诉模型的内容</translation>
    </message>
    <message>
        <source>Facts, in a few sentences. {{char}} and {{user}} become names.</source>
        <translation>几句话写清事实。{{char}} 和 {{user}} 会换成名字。</translation>
    </message>
    <message>
        <source>How further keys count</source>
        <translation>附加关键词怎么算</translation>
    </message>
    <message>
        <source>as the book</source>
        <translation>同书</translation>
    </message>
    <message>
        <source>as the order</source>
        <translation>同顺序</translation>
    </message>
    <message>
        <source>Decorators</source>
        <translation>装饰符</translation>
    </message>
    <message>
        <source>depth {depth}</source>
        <translation>深度 {depth}</translation>
    </message>
    <message>
        <source>order {order}</source>
        <translation>顺序 {order}</translation>
    </message>
    <message>
        <source>{count} further keys</source>
        <translation>{count} 个附加关键词</translation>
    </message>
    <message>
        <source>Place and chance</source>
        <translation>位置与概率</translation>
    </message>
    <message>
        <source>Matching</source>
        <translation>匹配</translation>
    </message>
    <message>
        <source>Lore that calls up lore</source>
        <translation>条目引出条目</translation>
    </message>
    <message>
        <source>Always there</source>
        <translation>常驻</translation>
    </message>
    <message>
        <source>Without waiting for a key.</source>
        <translation>不等关键词，一直在。</translation>
    </message>
    <message>
        <source>Keys are regular expressions</source>
        <translation>关键词是正则表达式</translation>
    </message>
    <message>
        <source>Each is given little time; one that takes too long is left out.</source>
        <translation>每个表达式只有很短的时间，太慢的会跳过。</translation>
    </message>
    <message>
        <source>Mind capitals</source>
        <translation>区分大小写</translation>
    </message>
    <message>
        <source>Whole words only</source>
        <translation>全词匹配</translation>
    </message>
    <message>
        <source>Chinese and Japanese keys are found anywhere: they have no word borders.</source>
        <translation>中文和日文没有词界，关键词出现在哪里都算。</translation>
    </message>
    <message>
        <source>Messages looked through</source>
        <translation>往前看几条消息</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Depth</source>
        <translation>深度</translation>
    </message>
    <message>
        <source>Messages from the end.</source>
        <translation>从末尾数第几条消息。</translation>
    </message>
    <message>
        <source>Said as</source>
        <translation>以谁的身份说</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>Lower stands higher in the prompt.</source>
        <translation>数小的在提示词里靠前。</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>Lower goes first when there is no room.</source>
        <translation>放不下时数小的先去掉。</translation>
    </message>
    <message>
        <source>Chance</source>
        <translation>概率</translation>
    </message>
    <message>
        <source>Not called up by other lore</source>
        <translation>不被别的条目引出</translation>
    </message>
    <message>
        <source>Calls up no other lore</source>
        <translation>不引出别的条目</translation>
    </message>
    <message>
        <source>Only called up by other lore</source>
        <translation>只由别的条目引出</translation>
    </message>
    <message>
        <source>any of them too</source>
        <translation>也出现任意一个</translation>
    </message>
    <message>
        <source>not all of them</source>
        <translation>不是全部出现</translation>
    </message>
    <message>
        <source>none of them</source>
        <translation>一个都不出现</translation>
    </message>
    <message>
        <source>all of them too</source>
        <translation>也全部出现</translation>
    </message>
    <message>
        <source>before the persona</source>
        <translation>角色设定之前</translation>
    </message>
    <message>
        <source>after the persona</source>
        <translation>角色设定之后</translation>
    </message>
    <message>
        <source>before the examples</source>
        <translation>示例之前</translation>
    </message>
    <message>
        <source>after the examples</source>
        <translation>示例之后</translation>
    </message>
    <message>
        <source>before the author&apos;s note</source>
        <translation>作者注之前</translation>
    </message>
    <message>
        <source>after the author&apos;s note</source>
        <translation>作者注之后</translation>
    </message>
    <message>
        <source>in the chat</source>
        <translation>对话里</translation>
    </message>
    <message>
        <source>the system</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>the user</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>the persona</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Lines at the beginning that start with @@ are instructions and are not sent:
@@depth 4 – into the chat, four messages from the end
@@role user – said by the user (or system, assistant)
@@position after_desc – also before_desc, personality, scenario
@@scan_depth 2 – look through two messages only
@@activate_only_after 5 – from the fifth reply on
@@activate_only_every 3 – with every third reply
@@keep_activate_after_match – once found, there for good
@@additional_keys a,b – one of these as well; @@exclude_keys a,b – none of these
@@dont_activate – never by itself; @@activate – always
A line with @@@ below one stands in for it where it is not known.</source>
        <translation>开头以 @@ 起首的行是指令，不会发送：
@@depth 4：放进对话，从末尾数第四条
@@role user：以用户的身份说（或 system、assistant）
@@position after_desc：也可以是 before_desc、personality、scenario
@@scan_depth 2：只往前看两条消息
@@activate_only_after 5：从第五条回复起
@@activate_only_every 3：每三条回复一次
@@keep_activate_after_match：出现过一次就一直在
@@additional_keys a,b：还要出现其中一个；@@exclude_keys a,b：一个都不能出现
@@dont_activate：不会自己出现；@@activate：一直在
下面以 @@@ 起首的一行，在上一行不被认识时代替它。</translation>
    </message>
</context>
<context>
    <name>LoreList</name>
    <message>
        <source>Entries</source>
        <translation>条目</translation>
    </message>
    <message>
        <source>New entry</source>
        <translation>新条目</translation>
    </message>
    <message>
        <source>switched off</source>
        <translation>已停用</translation>
    </message>
    <message>
        <source>always there</source>
        <translation>常驻</translation>
    </message>
    <message>
        <source>regular expressions</source>
        <translation>正则表达式</translation>
    </message>
</context>
<context>
    <name>LoreLive</name>
    <message>
        <source>What would fire now</source>
        <translation>现在会调出什么</translation>
    </message>
    <message>
        <source>A text to try</source>
        <translation>试一段话</translation>
    </message>
    <message>
        <source>Write something that could be said, and see which entries it calls up. An empty line begins another turn.</source>
        <translation>写一段可能说到的话，看会调出哪些条目。空一行就是另一轮。</translation>
    </message>
    <message>
        <source>Take the open conversation</source>
        <translation>用打开着的对话</translation>
    </message>
    <message>
        <source>Try chance again</source>
        <translation>再掷一次概率</translation>
    </message>
    <message>
        <source>Nothing. Entries appear here as soon as one of their keys is in the text.</source>
        <translation>什么都没有。文字里一出现关键词，条目就会列在这里。</translation>
    </message>
    <message>
        <source>1 entry</source>
        <translation>1 条</translation>
    </message>
    <message>
        <source>{count} entries</source>
        <translation>{count} 条</translation>
    </message>
    <message>
        <source>{used} of {budget} tokens</source>
        <translation>{used} / {budget} 词元</translation>
    </message>
    <message>
        <source>the first {count} are shown</source>
        <translation>显示前 {count} 条</translation>
    </message>
    <message>
        <source>A pattern took too long and was left out: {names}</source>
        <translation>有表达式太慢，已跳过：{names}</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 词元</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个 token</translation>
    </message>
    <message>
        <source>{chance} %: not this time</source>
        <translation>{chance} %：这次没有</translation>
    </message>
    <message>
        <source>{chance} %: this time</source>
        <translation>{chance} %：这次有</translation>
    </message>
    <message>
        <source>no room</source>
        <translation>放不下</translation>
    </message>
    <message>
        <source>always there</source>
        <translation>常驻</translation>
    </message>
    <message>
        <source>by {key}</source>
        <translation>因为 {key}</translation>
    </message>
    <message>
        <source>stays from before</source>
        <translation>从前面留下来的</translation>
    </message>
    <message>
        <source>through “{key}” in other lore</source>
        <translation>由别的条目里的“{key}”引出</translation>
    </message>
    <message>
        <source>pattern {key} in turn {turn}</source>
        <translation>第 {turn} 轮里的 {key}</translation>
    </message>
    <message>
        <source>“{key}” in turn {turn}</source>
        <translation>第 {turn} 轮里的“{key}”</translation>
    </message>
</context>
<context>
    <name>LoreTrial</name>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Reply</source>
        <translation>回复</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Zhiyin</source>
        <translation>知音</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Settings of this conversation</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Notebook</source>
        <translation>续写本</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>书写</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Previous conversation</source>
        <translation>上一个对话</translation>
    </message>
    <message>
        <source>Next conversation</source>
        <translation>下一个对话</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Conversations deleted: {count}</source>
        <translation>已删除 {count} 个对话</translation>
    </message>
    <message>
        <source>Conversation deleted</source>
        <translation>对话已删除</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>MemberRow</name>
    <message>
        <source>Mute {name}</source>
        <translation>将{name}静音</translation>
    </message>
    <message>
        <source>Let {name} speak again in turn</source>
        <translation>让{name}恢复轮流发言</translation>
    </message>
    <message>
        <source>Move {name} up</source>
        <translation>将{name}上移</translation>
    </message>
    <message>
        <source>Move {name} down</source>
        <translation>将{name}下移</translation>
    </message>
    <message>
        <source>Remove {name} from this conversation</source>
        <translation>将{name}移出此对话</translation>
    </message>
</context>
<context>
    <name>ModelChooser</name>
    <message>
        <source>Loading {name}</source>
        <translation>正在加载 {name}</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>文件不在</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Choose the model that answers</source>
        <translation>选择由哪个模型回答</translation>
    </message>
    <message>
        <source>Cancel loading</source>
        <translation>取消加载</translation>
    </message>
</context>
<context>
    <name>ModelDetails</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Find it…</source>
        <translation>寻找文件……</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>更新</translation>
    </message>
    <message>
        <source>Use all ({count})</source>
        <translation>全部使用（{count}）</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Check the file again</source>
        <translation>重新校验文件</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>What it is good for</source>
        <translation>它擅长什么</translation>
    </message>
    <message>
        <source>Tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>Metadata</source>
        <translation>元数据</translation>
    </message>
    <message>
        <source>Take out of the library</source>
        <translation>移出模型库</translation>
    </message>
    <message>
        <source>Move to the trash</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>It stays where it is, and both apps use the same file.</source>
        <translation>文件留在原处，两个应用共用同一份。</translation>
    </message>
    <message>
        <source>App</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>The file is not where it was. Connect the disk that it lies on, find it where it is now, or take it out.</source>
        <translation>文件不在原来的位置。请接上它所在的磁盘，或指出它现在的位置，也可以把它移出。</translation>
    </message>
    <message>
        <source>There is a newer revision of it.</source>
        <translation>它有了更新的版本。</translation>
    </message>
    <message>
        <source>{size} in {count} files</source>
        <translation>{size}，共 {count} 个文件</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Quant type</source>
        <translation>量化类型</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层数</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>词表</translation>
    </message>
    <message>
        <source>Languages</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>最近使用</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Repository</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Fetched</source>
        <translation>下载于</translation>
    </message>
    <message>
        <source>Checksum</source>
        <translation>校验值</translation>
    </message>
    <message>
        <source>Projector</source>
        <translation>投影文件</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>{count} tokens ({short})</source>
        <translation>{count} 个词元（{short}）</translation>
    </message>
    <message>
        <source>right, {day}</source>
        <translation>无误（{day}）</translation>
    </message>
    <message>
        <source>known, not checked again yet</source>
        <translation>已知，尚未重新校验</translation>
    </message>
    <message>
        <source>not known yet</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>Metadata ({count})</source>
        <translation>元数据（{count}）</translation>
    </message>
</context>
<context>
    <name>ModelFileDialog</name>
    <message>
        <source>Open a GGUF model</source>
        <translation>打开 GGUF 模型</translation>
    </message>
    <message>
        <source>GGUF models (*.gguf)</source>
        <translation>GGUF 模型 (*.gguf)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>ModelWords</name>
    <message>
        <source>today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>{days} days ago</source>
        <translation>{days} 天前</translation>
    </message>
    <message>
        <source>not used yet</source>
        <translation>尚未使用</translation>
    </message>
    <message>
        <source>an address</source>
        <translation>链接地址</translation>
    </message>
    <message>
        <source>the models folder</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>used in place</source>
        <translation>在原处使用</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>本机模型</translation>
    </message>
    <message>
        <source>Discover</source>
        <translation>发现</translation>
    </message>
</context>
<context>
    <name>NoEntries</name>
    <message>
        <source>A lorebook tells the model what it needs to know, when it needs it: its keys call an entry up.</source>
        <translation>世界书在需要的时候把需要的内容告诉模型：条目的关键词会唤出它。</translation>
    </message>
    <message>
        <source>Add the first entry</source>
        <translation>添加第一个条目</translation>
    </message>
</context>
<context>
    <name>NoteRow</name>
    <message>
        <source>Waiting for another reply to finish …</source>
        <translation>正在等另一条回复写完……</translation>
    </message>
    <message>
        <source>You stopped this reply.</source>
        <translation>你停止了这条回复。</translation>
    </message>
    <message>
        <source>This reply was interrupted. What had been written is kept.</source>
        <translation>这条回复中断了，已写出的内容都在。</translation>
    </message>
    <message>
        <source>This reply failed.</source>
        <translation>这条回复失败了。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>续写</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重写</translation>
    </message>
    <message>
        <source>Load the model again</source>
        <translation>重新加载模型</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>NotebookContent</name>
    <message>
        <source>Waits until the reply in a conversation is finished…</source>
        <translation>等待对话中的回复写完……</translation>
    </message>
    <message>
        <source>Loading {model}…</source>
        <translation>正在加载 {model}……</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读……</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>正在写……</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在搜索……</translation>
    </message>
    <message>
        <source>{count} of {limit} tokens</source>
        <translation>{count} / {limit} 词元</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个 token</translation>
    </message>
    <message>
        <source>{speed} tokens/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>Begin a text here, and let the model go on.</source>
        <translation>在这里起个头，让模型接着写。</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>正文</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Continue the text (Ctrl+Enter)</source>
        <translation>继续写（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>NotebookController</name>
    <message>
        <source>The notebook is full: not everything that was pasted has room.</source>
        <translation>笔记本满了：粘贴的内容没有全部放下。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>没有加载模型。</translation>
    </message>
    <message>
        <source>Load {model}</source>
        <translation>加载 {model}</translation>
    </message>
    <message>
        <source>The model was taken away while it wrote. What it had written is kept.</source>
        <translation>模型在写的时候被撤走了。已写的都保留着。</translation>
    </message>
    <message>
        <source>The text has {count} tokens, and the model can go on from at most {limit}. Shorten it, or allow a greater length.</source>
        <translation>正文有 {count} 个词元，而模型最多能从 {limit} 个接着写。请缩短，或放宽长度。</translation>
    </message>
</context>
<context>
    <name>NotebookForm</name>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Greedy</source>
        <translation>贪心</translation>
    </message>
    <message>
        <source>Beam search</source>
        <translation>束搜索</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Beams</source>
        <translation>束宽</translation>
    </message>
    <message>
        <source>How many texts are followed at once. More find likelier ones, and take longer.</source>
        <translation>同时跟踪多少条文本。越多越能找到更可能的，也越慢。</translation>
    </message>
    <message>
        <source>Continuations</source>
        <translation>续写</translation>
    </message>
    <message>
        <source>Several are offered below the text.</source>
        <translation>有多条时，列在正文下方供挑选。</translation>
    </message>
    <message>
        <source>New tokens</source>
        <translation>新增词元</translation>
    </message>
    <message>
        <source>At most, each time.</source>
        <translation>每次最多。</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>长度</translation>
    </message>
    <message>
        <source>Tokens of the text and what is new, at most.</source>
        <translation>正文与新增部分合计的词元上限。</translation>
    </message>
    <message>
        <source>Probabilities</source>
        <translation>概率</translation>
    </message>
    <message>
        <source>Unlikely tokens are tinted. Rest on one to see what else it might have been.</source>
        <translation>越不可能的词元底色越深。指针停在上面，可看它本来还可能是什么。</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>the context</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>Stop strings</source>
        <translation>停止串</translation>
    </message>
    <message>
        <source>One a line; \n is a line break. The model ends before it writes one of them.</source>
        <translation>每行一个；\n 表示换行。模型写到其中之一前即停。</translation>
    </message>
    <message>
        <source>Samplers</source>
        <translation>采样器</translation>
    </message>
</context>
<context>
    <name>NotebookPage</name>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Undo the last step</source>
        <translation>撤销上一步</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>How the text is continued</source>
        <translation>怎样续写</translation>
    </message>
    <message>
        <source>Notebook</source>
        <translation>续写本</translation>
    </message>
</context>
<context>
    <name>OfferItem</name>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
</context>
<context>
    <name>OfferList</name>
    <message>
        <source>Best for this computer</source>
        <translation>最适合这台电脑</translation>
    </message>
    <message>
        <source>More models</source>
        <translation>更多模型</translation>
    </message>
</context>
<context>
    <name>PastRow</name>
    <message>
        <source>Take out of the list</source>
        <translation>从列表中移除</translation>
    </message>
    <message>
        <source>Chat with it</source>
        <translation>开始对话</translation>
    </message>
    <message>
        <source>Convert it</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Try {source}</source>
        <translation>改用 {source}</translation>
    </message>
    <message>
        <source>Open its page</source>
        <translation>打开网页</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>PersonaEditor</name>
    <message>
        <source>Saved</source>
        <translation>已保存</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>选择图片</translation>
    </message>
    <message>
        <source>Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp)</source>
        <translation>图片 (*.png *.jpg *.jpeg *.webp *.gif *.bmp)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Unnamed</source>
        <translation>未命名</translation>
    </message>
    <message>
        <source>All personas</source>
        <translation>全部角色</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Back to the original</source>
        <translation>恢复原样</translation>
    </message>
    <message>
        <source>Seal instead</source>
        <translation>改用印章</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名字</translation>
    </message>
    <message>
        <source>Nickname (used in place of the name)</source>
        <translation>昵称（代替名字）</translation>
    </message>
    <message>
        <source>Creator</source>
        <translation>作者</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Seal: one character and a colour</source>
        <translation>印章：一个字和一种颜色</translation>
    </message>
    <message>
        <source>Tags, with commas between them</source>
        <translation>标签，用逗号隔开</translation>
    </message>
    <message>
        <source>Other first messages</source>
        <translation>其他开场白</translation>
    </message>
    <message>
        <source>Greeting {number}</source>
        <translation>开场白 {number}</translation>
    </message>
    <message>
        <source>Add a greeting</source>
        <translation>添加开场白</translation>
    </message>
    <message>
        <source>First messages in a group only</source>
        <translation>只在群聊里用的开场白</translation>
    </message>
    <message>
        <source>Lorebook</source>
        <translation>世界书</translation>
    </message>
    <message>
        <source>What it knows when certain words are said.</source>
        <translation>提到某些词时，它会想起的事。</translation>
    </message>
    <message>
        <source>Lore ({count} entries)</source>
        <translation>世界书（{count} 条）</translation>
    </message>
    <message>
        <source>More first messages</source>
        <translation>更多开场白</translation>
    </message>
    <message>
        <source>Instructions to the model</source>
        <translation>给模型的指令</translation>
    </message>
    <message>
        <source>About this card</source>
        <translation>关于这张角色卡</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Settings of its own</source>
        <translation>使用自己的设置</translation>
    </message>
    <message>
        <source>New conversations with it begin with these.</source>
        <translation>与它的新对话从这些设置开始。</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Who it is, what it knows, how it speaks. {{char}} and {{user}} become the names.</source>
        <translation>它是谁，知道什么，怎么说话。{{char}} 和 {{user}} 会换成名字。</translation>
    </message>
    <message>
        <source>Personality</source>
        <translation>性格</translation>
    </message>
    <message>
        <source>Scenario</source>
        <translation>场景</translation>
    </message>
    <message>
        <source>First message</source>
        <translation>开场白</translation>
    </message>
    <message>
        <source>Example dialogue</source>
        <translation>对话示例</translation>
    </message>
    <message>
        <source>Each example begins with a line &lt;START&gt;.</source>
        <translation>每段示例以一行 &lt;START&gt; 开头。</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>In place of the app&apos;s own; {{original}} puts that one in.</source>
        <translation>代替应用自己的；{{original}} 处会放入原来的。</translation>
    </message>
    <message>
        <source>Instructions after the conversation</source>
        <translation>对话之后的指令</translation>
    </message>
    <message>
        <source>Creator&apos;s notes</source>
        <translation>作者的话</translation>
    </message>
    <message>
        <source>For people; never sent to the model.</source>
        <translation>写给人看的，不会发给模型。</translation>
    </message>
</context>
<context>
    <name>PersonaGallery</name>
    <message>
        <source>All tags</source>
        <translation>全部标签</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Let it answer in this conversation from now on</source>
        <translation>此后由它在此对话中回答</translation>
    </message>
    <message>
        <source>Chat as a group</source>
        <translation>一起聊</translation>
    </message>
    <message>
        <source>Add to this conversation</source>
        <translation>加入当前对话</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Back to the original</source>
        <translation>恢复原样</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Picture with the card in it (PNG)</source>
        <translation>带角色卡的图片（PNG）</translation>
    </message>
    <message>
        <source>Archive with everything (CHARX)</source>
        <translation>包含全部内容的压缩包（CHARX）</translation>
    </message>
    <message>
        <source>JSON, version 3</source>
        <translation>JSON，第 3 版</translation>
    </message>
    <message>
        <source>JSON, version 2</source>
        <translation>JSON，第 2 版</translation>
    </message>
    <message>
        <source>JSON, version 1</source>
        <translation>JSON，第 1 版</translation>
    </message>
    <message>
        <source>Cards or lorebooks…</source>
        <translation>角色卡或世界书……</translation>
    </message>
    <message>
        <source>A folder of cards…</source>
        <translation>一整个文件夹的角色卡……</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search personas</source>
        <translation>搜索角色</translation>
    </message>
    <message>
        <source>Show only one tag</source>
        <translation>只看一个标签</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>最近使用</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名字</translation>
    </message>
    <message>
        <source>Newest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入……</translation>
    </message>
    <message>
        <source>Import cards</source>
        <translation>导入角色卡</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>New persona</source>
        <translation>新建角色</translation>
    </message>
</context>
<context>
    <name>PersonaList</name>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>changed by you</source>
        <translation>你改过</translation>
    </message>
    <message>
        <source>built in</source>
        <translation>内置</translation>
    </message>
</context>
<context>
    <name>PersonaView</name>
    <message>
        <source>“{name}” is deleted. What it said in conversations stays.</source>
        <translation>“{name}”已删除。它在对话里说过的话都还在。</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Import cards</source>
        <translation>导入角色卡</translation>
    </message>
    <message>
        <source>Cards and lorebooks (*.png *.apng *.json *.charx)</source>
        <translation>角色卡和世界书 (*.png *.apng *.json *.charx)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose a folder of cards</source>
        <translation>选择存放角色卡的文件夹</translation>
    </message>
    <message>
        <source>Choose a folder for the cards</source>
        <translation>选择导出角色卡的文件夹</translation>
    </message>
    <message>
        <source>Export the card</source>
        <translation>导出角色卡</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>PersonasController</name>
    <message>
        <source>New persona</source>
        <translation>新建角色</translation>
    </message>
    <message>
        <source>{name} (copy)</source>
        <translation>{name}（副本）</translation>
    </message>
    <message>
        <source>Back to the original</source>
        <translation>恢复原样</translation>
    </message>
    <message>
        <source>Personas deleted: {count}</source>
        <translation>已删除 {count} 个角色</translation>
    </message>
    <message>
        <source>“{name}” is deleted; its conversations stay.</source>
        <translation>“{name}”已删除，它的对话还在。</translation>
    </message>
    <message>
        <source>“{name}” is replaced</source>
        <translation>“{name}”已替换</translation>
    </message>
    <message>
        <source>Personas taken in: {count}</source>
        <translation>已导入 {count} 个角色</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>PersonasPage</name>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Who answers</source>
        <translation>谁来回答</translation>
    </message>
    <message>
        <source>Lorebooks</source>
        <translation>世界书</translation>
    </message>
    <message>
        <source>Who you are</source>
        <translation>你是谁</translation>
    </message>
</context>
<context>
    <name>Presentation</name>
    <message>
        <source>Zhiyin</source>
        <translation>知音</translation>
    </message>
    <message>
        <source>{speed} tok/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>Waiting for another reply</source>
        <translation>等待另一条回复</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>Reading the conversation: {percent} %</source>
        <translation>正在读对话：{percent}%</translation>
    </message>
    <message>
        <source>Cut: the reply reached its greatest length.</source>
        <translation>已截断：回复达到了长度上限。</translation>
    </message>
    <message>
        <source>Cut: the context is full.</source>
        <translation>已截断：上下文已满。</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Summary of earlier turns</source>
        <translation>此前内容的摘要</translation>
    </message>
    <message>
        <source>Importance matrix of {name}</source>
        <translation>{name} 的重要性矩阵</translation>
    </message>
    <message>
        <source>Evaluation of {name}</source>
        <translation>评估 {name}</translation>
    </message>
    <message>
        <source>Adapter {name}</source>
        <translation>适配器 {name}</translation>
    </message>
    <message>
        <source>Inspection of {name}</source>
        <translation>检查 {name}</translation>
    </message>
    <message>
        <source>Copy of {name}</source>
        <translation>复制 {name}</translation>
    </message>
    <message>
        <source>Check of {name}</source>
        <translation>校验 {name}</translation>
    </message>
    <message>
        <source>Move of the models to {path}</source>
        <translation>把模型移到 {path}</translation>
    </message>
    <message>
        <source>Speed of this computer</source>
        <translation>本机速度</translation>
    </message>
    <message>
        <source>rank {rank}</source>
        <translation>秩 {rank}</translation>
    </message>
    <message>
        <source>{count} tensors</source>
        <translation>{count} 个张量</translation>
    </message>
</context>
<context>
    <name>ProfileForm</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>What you are called</source>
        <translation>别人怎么称呼你</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>Who you are, in a few sentences: what the persona may know of you.</source>
        <translation>几句话说说你是谁：角色可以知道的那些。</translation>
    </message>
    <message>
        <source>Who you are where nothing else is chosen.</source>
        <translation>没有另外选择时，就用这个身份。</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>Choose a picture…</source>
        <translation>选一张图片……</translation>
    </message>
    <message>
        <source>Back to the seal</source>
        <translation>换回印章</translation>
    </message>
    <message>
        <source>Delete this profile</source>
        <translation>删除这个档案</translation>
    </message>
</context>
<context>
    <name>ProfileList</name>
    <message>
        <source>Profiles</source>
        <translation>档案</translation>
    </message>
    <message>
        <source>Without a name</source>
        <translation>没有名字</translation>
    </message>
    <message>
        <source>default</source>
        <translation>默认</translation>
    </message>
</context>
<context>
    <name>ProfilesContent</name>
    <message>
        <source>A profile is who you are in a conversation: its name stands for {{user}}, and its description is told to the model.</source>
        <translation>档案是你在对话里的身份：名字代替 {{user}}，简介会告诉模型。</translation>
    </message>
    <message>
        <source>New profile</source>
        <translation>新档案</translation>
    </message>
</context>
<context>
    <name>ProfilesController</name>
    <message>
        <source>Me</source>
        <translation>我</translation>
    </message>
    <message>
        <source>New profile</source>
        <translation>新档案</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>“{name}” is deleted.</source>
        <translation>“{name}”已删除。</translation>
    </message>
</context>
<context>
    <name>ProfilesView</name>
    <message>
        <source>Choose a picture</source>
        <translation>选一张图片</translation>
    </message>
    <message>
        <source>Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp)</source>
        <translation>图片 (*.png *.jpg *.jpeg *.webp *.gif *.bmp)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>PromptDialog</name>
    <message>
        <source>What is sent</source>
        <translation>发出的内容</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>{role} · example</source>
        <translation>{role} · 示例</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
</context>
<context>
    <name>RankingDialog</name>
    <message>
        <source>Rank the alternatives</source>
        <translation>给各个候选排序</translation>
    </message>
    <message>
        <source>Put the best reply first: drag it, or use the arrows. The one that is chosen can be read below.</source>
        <translation>把最好的回复放在最前面：可以拖动，也可以用箭头。选中的那条可在下方阅读全文。</translation>
    </message>
    <message>
        <source>Alternatives, the best first</source>
        <translation>各个候选，最好的在前</translation>
    </message>
    <message>
        <source>The whole reply</source>
        <translation>完整的回复</translation>
    </message>
    <message>
        <source>Better</source>
        <translation>更好</translation>
    </message>
    <message>
        <source>Worse</source>
        <translation>更差</translation>
    </message>
    <message>
        <source>Why is this order right? (optional)</source>
        <translation>为什么是这个顺序？（可不填）</translation>
    </message>
    <message>
        <source>Note on the order</source>
        <translation>排序的备注</translation>
    </message>
    <message>
        <source>Remove the order</source>
        <translation>取消排序</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Keep this order</source>
        <translation>保存这个顺序</translation>
    </message>
    <message>
        <source>alternative {number}</source>
        <translation>候选 {number}</translation>
    </message>
</context>
<context>
    <name>Ratings</name>
    <message>
        <source>There is nothing to export for this yet, so no file was made.</source>
        <translation>目前没有可以这样导出的内容，所以没有生成文件。</translation>
    </message>
    <message>
        <source>{records} records from {conversations} conversations were written.</source>
        <translation>已写入 {records} 条记录，来自 {conversations} 个对话。</translation>
    </message>
    <message>
        <source>Left out, because they say nothing or contradict each other: {count}.</source>
        <translation>因没有信息或相互矛盾而略去：{count}。</translation>
    </message>
</context>
<context>
    <name>RemarkPopup</name>
    <message>
        <source>Note on the rating</source>
        <translation>评价的备注</translation>
    </message>
    <message>
        <source>Enter keeps it, Esc leaves it as it was. It is kept with the rating, and stays here.</source>
        <translation>按 Enter 保存，按 Esc 保持原样。备注与评价一起保存，不会离开这里。</translation>
    </message>
    <message>
        <source>What is good about it, or what is wrong?</source>
        <translation>好在哪里，或者哪里不对？</translation>
    </message>
</context>
<context>
    <name>RepositoryList</name>
    <message>
        <source>Models to download</source>
        <translation>可下载的模型</translation>
    </message>
</context>
<context>
    <name>SampleColumn</name>
    <message>
        <source>seed {seed}</source>
        <translation>种子 {seed}</translation>
    </message>
    <message>
        <source>Answer {number}</source>
        <translation>回答 {number}</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>思考中……</translation>
    </message>
    <message>
        <source>Reasoning</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>Kept</source>
        <translation>已留下</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>留下</translation>
    </message>
    <message>
        <source>Make a conversation of it, with the other answers as alternatives.</source>
        <translation>把它变成一个对话，其余的回答作为备选。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Not begun</source>
        <translation>还没开始</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>正在写……</translation>
    </message>
    <message>
        <source>At the longest answer</source>
        <translation>到了最长长度</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Cut off</source>
        <translation>中断了</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个 token</translation>
    </message>
</context>
<context>
    <name>SamplingEditor</name>
    <message>
        <source>greedy</source>
        <translation>贪心</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>The same seed with the same settings gives the same reply. Empty means a new one each time.</source>
        <translation>同样的种子和设置会得到同样的回复。留空则每次更换。</translation>
    </message>
    <message>
        <source>More samplers</source>
        <translation>更多采样器</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Low is sober, high is bold. At 0 the likeliest token is always taken.</source>
        <translation>低则稳重，高则大胆。为 0 时总取最可能的词元。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Only the likeliest tokens that together reach this share. 1 is off.</source>
        <translation>只从合计概率达到此值的最可能词元中选。1 为关闭。</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Only this many of the likeliest tokens. 0 is off.</source>
        <translation>只从最可能的若干个词元中选。0 为关闭。</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Only tokens at least this likely compared with the likeliest. 0 is off.</source>
        <translation>只选与最可能者相比概率不低于此比例的词元。0 为关闭。</translation>
    </message>
    <message>
        <source>Typical-p</source>
        <translation>Typical-p</translation>
    </message>
    <message>
        <source>Prefers tokens about as surprising as expected. 1 is off.</source>
        <translation>偏好意外程度适中的词元。1 为关闭。</translation>
    </message>
    <message>
        <source>Repeat penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Above 1, words that were used come less often. 1 is off.</source>
        <translation>大于 1 时，用过的词较少再出现。1 为关闭。</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Grows with each use of a token. 0 is off.</source>
        <translation>词元每出现一次就加重一些。0 为关闭。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>The same for every token that was used. 0 is off.</source>
        <translation>凡出现过的词元一视同仁。0 为关闭。</translation>
    </message>
    <message>
        <source>Penalty window</source>
        <translation>惩罚范围</translation>
    </message>
    <message>
        <source>How many of the last tokens the penalties look at. 0 is off.</source>
        <translation>惩罚只看最近多少个词元。0 为关闭。</translation>
    </message>
</context>
<context>
    <name>SearchBar</name>
    <message>
        <source>Search models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Any author</source>
        <translation>任意作者</translation>
    </message>
    <message>
        <source>Author</source>
        <translation>作者</translation>
    </message>
    <message>
        <source>From an address…</source>
        <translation>从地址下载……</translation>
    </message>
    <message>
        <source>{least}–{most} billion parameters</source>
        <translation>{least}0–{most}0 亿参数</translation>
    </message>
    <message>
        <source>Any size</source>
        <translation>任意大小</translation>
    </message>
    <message>
        <source>Up to 1 billion parameters</source>
        <translation>不超过 10 亿参数</translation>
    </message>
    <message>
        <source>Over 40 billion parameters</source>
        <translation>400 亿参数以上</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>种类</translation>
    </message>
    <message>
        <source>GGUF models</source>
        <translation>GGUF 模型</translation>
    </message>
    <message>
        <source>Checkpoints</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Both kinds</source>
        <translation>两种都要</translation>
    </message>
    <message>
        <source>Any task</source>
        <translation>任意用途</translation>
    </message>
    <message>
        <source>Text generation</source>
        <translation>文本生成</translation>
    </message>
    <message>
        <source>Pictures and text</source>
        <translation>图文</translation>
    </message>
    <message>
        <source>Translation</source>
        <translation>翻译</translation>
    </message>
    <message>
        <source>Summaries</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可</translation>
    </message>
    <message>
        <source>Any licence</source>
        <translation>任意许可</translation>
    </message>
    <message>
        <source>Other licence</source>
        <translation>其他许可</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Any language</source>
        <translation>任意语言</translation>
    </message>
    <message>
        <source>Trending first</source>
        <translation>热门优先</translation>
    </message>
    <message>
        <source>Most downloads first</source>
        <translation>下载多的优先</translation>
    </message>
    <message>
        <source>Most likes first</source>
        <translation>点赞多的优先</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>最近更新优先</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Any source</source>
        <translation>任意来源</translation>
    </message>
    <message>
        <source>Filters</source>
        <translation>筛选</translation>
    </message>
</context>
<context>
    <name>Sections</name>
    <message>
        <source>system prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>persona</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>lore</source>
        <translation>设定</translation>
    </message>
    <message>
        <source>examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>author&apos;s note</source>
        <translation>作者注释</translation>
    </message>
    <message>
        <source>history</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>kept for the reply</source>
        <translation>为回复保留</translation>
    </message>
    <message>
        <source>free</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>left out: {what}</source>
        <translation>未发送：{what}</translation>
    </message>
    <message>
        <source>1 turn</source>
        <translation>1 条消息</translation>
    </message>
    <message>
        <source>{count} turns</source>
        <translation>{count} 条消息</translation>
    </message>
    <message>
        <source>1 lore entry</source>
        <translation>1 条设定</translation>
    </message>
    <message>
        <source>{count} lore entries</source>
        <translation>{count} 条设定</translation>
    </message>
    <message>
        <source>1 example</source>
        <translation>1 个示例</translation>
    </message>
    <message>
        <source>{count} examples</source>
        <translation>{count} 个示例</translation>
    </message>
    <message>
        <source>{count} × {section}</source>
        <translation>{count} × {section}</translation>
    </message>
</context>
<context>
    <name>SentDialog</name>
    <message>
        <source>{tokens} tokens</source>
        <translation>{tokens} 个词元</translation>
    </message>
    <message>
        <source>room for {limit}</source>
        <translation>可用 {limit} 个</translation>
    </message>
    <message>
        <source>the context holds {context}</source>
        <translation>上下文共 {context} 个</translation>
    </message>
    <message>
        <source>What was sent</source>
        <translation>实际发送的内容</translation>
    </message>
    <message>
        <source>What would be sent now</source>
        <translation>现在将发送的内容</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Exact text</source>
        <translation>完整原文</translation>
    </message>
    <message>
        <source>The whole message</source>
        <translation>完整的消息</translation>
    </message>
    <message>
        <source>Messages in their order</source>
        <translation>按顺序排列的消息</translation>
    </message>
    <message>
        <source>The exact text</source>
        <translation>完整原文</translation>
    </message>
    <message>
        <source>Only the beginning is shown; all of it is copied.</source>
        <translation>只显示开头部分；复制时包含全部内容。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>system</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>user</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>tool</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 个词元</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>未发送</translation>
    </message>
</context>
<context>
    <name>SettingsController</name>
    <message>
        <source>{layers} of {all} layers of the model run on the GPU.</source>
        <translation>模型的 {all} 层中有 {layers} 层在显卡上运行。</translation>
    </message>
    <message>
        <source>The model runs on the CPU with {threads} threads.</source>
        <translation>模型在处理器上运行，使用 {threads} 个线程。</translation>
    </message>
</context>
<context>
    <name>SettingsForm</name>
    <message>
        <source>Good: {good} · bad: {bad} · in order: {ranked}</source>
        <translation>好：{good} · 不好：{bad} · 排过序：{ranked}</translation>
    </message>
    <message>
        <source>Nothing is rated yet: point at a reply, and the thumbs are below it.</source>
        <translation>还没有评价：把鼠标移到一条回复上，下面就有点赞和点踩。</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Replies</source>
        <translation>回复</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Ratings</source>
        <translation>评价</translation>
    </message>
    <message>
        <source>Sources and downloads</source>
        <translation>来源与下载</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source> min</source>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source> pt</source>
        <translation> 磅</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复默认</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Export ratings …</source>
        <translation>导出评价……</translation>
    </message>
    <message>
        <source>No system prompt</source>
        <translation>没有系统提示词</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Size of replies</source>
        <translation>回复字号</translation>
    </message>
    <message>
        <source>For every conversation that has none of its own.</source>
        <translation>用于没有自己提示词的所有对话。</translation>
    </message>
    <message>
        <source>Longest reply</source>
        <translation>回复长度上限</translation>
    </message>
    <message>
        <source>In tokens.</source>
        <translation>以词元计。</translation>
    </message>
    <message>
        <source>Samplers</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>How the next word is chosen. A conversation can have its own.</source>
        <translation>决定如何选出下一个词。每个对话也可以单独设置。</translation>
    </message>
    <message>
        <source>Load the last model at start</source>
        <translation>启动时加载上次的模型</translation>
    </message>
    <message>
        <source>Unload when idle</source>
        <translation>空闲时卸载</translation>
    </message>
    <message>
        <source>Frees the memory; the next message loads the model again.</source>
        <translation>释放内存；下次发消息时会重新加载。</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>In tokens. Larger remembers more and takes more memory.</source>
        <translation>以词元计。越大记得越多，也越占内存。</translation>
    </message>
    <message>
        <source>Layers on the GPU</source>
        <translation>放入显存的层数</translation>
    </message>
    <message>
        <source>Automatic puts there as many as fit.</source>
        <translation>自动：显存放得下多少就放多少。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Automatic takes one for each physical core.</source>
        <translation>自动：每个物理核心一个。</translation>
    </message>
    <message>
        <source>Training data</source>
        <translation>训练数据</translation>
    </message>
    <message>
        <source>What you rated, as a file that a trainer reads.</source>
        <translation>把你的评价写成训练程序能读的文件。</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Conversations and settings lie here.</source>
        <translation>对话和设置都存放在这里。</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>高对比度</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Who answers, what they know, and who you are (Ctrl+P)</source>
        <translation>谁来回答、他们知道什么，以及你是谁（Ctrl+P）</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Translate, rewrite, summarise …: templates with examples (Ctrl+T)</source>
        <translation>翻译、改写、摘要……带示例的模板（Ctrl+T）</translation>
    </message>
    <message>
        <source>Notebook</source>
        <translation>续写本</translation>
    </message>
    <message>
        <source>Plain text that the model continues (Ctrl+J)</source>
        <translation>由模型接着写的纯文本（Ctrl+J）</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Your models, new ones, and downloads (Ctrl+M)</source>
        <translation>我的模型、新模型与下载 (Ctrl+M)</translation>
    </message>
    <message>
        <source>Convert</source>
        <translation>模型转换</translation>
    </message>
    <message>
        <source>Turn a checkpoint into a model to chat with</source>
        <translation>把检查点变成可以对话的模型</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Settings (Ctrl+,)</source>
        <translation>设置（Ctrl+,）</translation>
    </message>
</context>
<context>
    <name>SourceRow</name>
    <message>
        <source>Try {name} earlier</source>
        <translation>将 {name} 提前</translation>
    </message>
    <message>
        <source>Try {name} later</source>
        <translation>将 {name} 推后</translation>
    </message>
    <message>
        <source>Take {name} out</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>A token is kept</source>
        <translation>已保存令牌</translation>
    </message>
    <message>
        <source>No token</source>
        <translation>没有令牌</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>令牌</translation>
    </message>
    <message>
        <source>Token for {name}</source>
        <translation>{name} 的令牌</translation>
    </message>
    <message>
        <source>Replace it…</source>
        <translation>更换……</translation>
    </message>
    <message>
        <source>Enter a token…</source>
        <translation>输入令牌……</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Forget it</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>SourcesContent</name>
    <message>
        <source>A proxy&apos;s address begins with http://, https:// or socks5://.</source>
        <translation>代理地址应以 http://、https:// 或 socks5:// 开头。</translation>
    </message>
    <message>
        <source>A mirror&apos;s address begins with http:// or https:// and has no name or password in it.</source>
        <translation>镜像地址应以 http:// 或 https:// 开头，且不能包含用户名或密码。</translation>
    </message>
    <message>
        <source>That source is in the list already.</source>
        <translation>列表中已有这个来源。</translation>
    </message>
    <message>
        <source>There are too many sources. Take one out first.</source>
        <translation>来源太多了，请先移除一个。</translation>
    </message>
    <message>
        <source>Models come from the first source that has them; when it fails, the next one of its kind stands in.</source>
        <translation>模型从第一个拥有它的来源下载；如果失败，则由同类的下一个来源接替。</translation>
    </message>
    <message>
        <source>A token is only ever sent to the hub that it is for.</source>
        <translation>令牌只会发送给它所属的平台。</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Address of a mirror of Hugging Face</source>
        <translation>Hugging Face 镜像地址</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Add a mirror</source>
        <translation>添加镜像</translation>
    </message>
    <message>
        <source>Address of the proxy</source>
        <translation>代理地址</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>None</source>
        <translation>不使用</translation>
    </message>
    <message>
        <source>An address</source>
        <translation>指定地址</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>Health</source>
        <translation>连接状况</translation>
    </message>
    <message>
        <source>Asks every source whether it answers.</source>
        <translation>逐个询问来源是否有响应。</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>代理</translation>
    </message>
    <message>
        <source>Offline mode</source>
        <translation>离线模式</translation>
    </message>
    <message>
        <source>Nothing goes out: no search, no downloads.</source>
        <translation>不访问网络：不搜索，不下载。</translation>
    </message>
    <message>
        <source>Downloads at a time</source>
        <translation>同时下载数</translation>
    </message>
    <message>
        <source>Connections for one file</source>
        <translation>单个文件的连接数</translation>
    </message>
    <message>
        <source>Several are faster where a server limits each one.</source>
        <translation>服务器限制单个连接的速度时，多个连接更快。</translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation>限速</translation>
    </message>
    <message>
        <source>In MB a second, for all downloads together.</source>
        <translation>单位为 MB/秒，所有下载合计。</translation>
    </message>
</context>
<context>
    <name>SourcesController</name>
    <message>
        <source>The settings cannot be written to {path} ({detail}). Check its permissions and the disk.</source>
        <translation>无法把设置写入 {path}（{detail}），请检查权限和磁盘。</translation>
    </message>
</context>
<context>
    <name>StageLine</name>
    <message>
        <source>Reading</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Converting</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>Proving the tokenizer</source>
        <translation>核对分词器</translation>
    </message>
    <message>
        <source>Calibrating</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Measuring</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Waiting for the network</source>
        <translation>等待网络</translation>
    </message>
    <message>
        <source>Checking</source>
        <translation>校验</translation>
    </message>
    <message>
        <source>Copying</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Measuring the speed</source>
        <translation>测速</translation>
    </message>
    <message>
        <source>Trying it out</source>
        <translation>试用</translation>
    </message>
</context>
<context>
    <name>StoreTrouble</name>
    <message>
        <source>Your conversations are not open</source>
        <translation>对话没有打开</translation>
    </message>
    <message>
        <source>Go back to the backup of {when}</source>
        <translation>回到 {when} 的备份</translation>
    </message>
    <message>
        <source>Your conversations could not be opened ({detail}).</source>
        <translation>无法打开你的对话（{detail}）。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>The backup is in place. The damaged file is kept as {name}.</source>
        <translation>已恢复备份。损坏的文件保留为 {name}。</translation>
    </message>
</context>
<context>
    <name>TaskEditing</name>
    <message>
        <source>Discarded.</source>
        <translation>已放弃。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>TaskEditor</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Sign</source>
        <translation>图标</translation>
    </message>
    <message>
        <source>In a line</source>
        <translation>一句话介绍</translation>
    </message>
    <message>
        <source>Instruction</source>
        <translation>指令</translation>
    </message>
    <message>
        <source>What the model is to do. A field&apos;s name in braces, such as {example}, is replaced by what is filled in.</source>
        <translation>要模型做什么。花括号里的字段名，比如 {example}，会换成填写的内容。</translation>
    </message>
    <message>
        <source>Fields</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>What is filled in each time.</source>
        <translation>每次要填的内容。</translation>
    </message>
    <message>
        <source>Input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>How the fields are put together. Empty: each after its label.</source>
        <translation>字段怎样拼在一起。留空：每个字段跟在标签后面。</translation>
    </message>
    <message>
        <source>Label of the answer</source>
        <translation>回答的标签</translation>
    </message>
    <message>
        <source>Stands at the end of the input, for the model to go on from.</source>
        <translation>放在输入的末尾，模型从这里接着写。</translation>
    </message>
    <message>
        <source>How to think first</source>
        <translation>怎样先思考</translation>
    </message>
    <message>
        <source>Empty: the usual words.</source>
        <translation>留空：用通常的说法。</translation>
    </message>
    <message>
        <source>Where the answer begins</source>
        <translation>回答从哪里开始</translation>
    </message>
    <message>
        <source>The words that the answer&apos;s line begins with.</source>
        <translation>回答那一行开头的字。</translation>
    </message>
    <message>
        <source>Stop at</source>
        <translation>遇到就停</translation>
    </message>
    <message>
        <source>Texts that end an answer, separated by |.</source>
        <translation>结束回答的文字，用 | 隔开。</translation>
    </message>
    <message>
        <source>Add a field</source>
        <translation>添加字段</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>TaskExamples</name>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>zero-shot</source>
        <translation>零样本</translation>
    </message>
    <message>
        <source>one-shot</source>
        <translation>单样本</translation>
    </message>
    <message>
        <source>{count}-shot</source>
        <translation>{count} 样本</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>Add an example</source>
        <translation>添加示例</translation>
    </message>
</context>
<context>
    <name>TaskFieldRow</name>
    <message>
        <source>One line</source>
        <translation>单行</translation>
    </message>
    <message>
        <source>Longer text</source>
        <translation>多行</translation>
    </message>
    <message>
        <source>Choice</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Optional</source>
        <translation>可不填</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Name in braces</source>
        <translation>花括号里的名字</translation>
    </message>
    <message>
        <source>Hint</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Filled in at first</source>
        <translation>一开始填的</translation>
    </message>
    <message>
        <source>Choices, separated by |</source>
        <translation>选项，用 | 隔开</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>TaskFields</name>
    <message>
        <source>{name} (optional)</source>
        <translation>{name}（可不填）</translation>
    </message>
</context>
<context>
    <name>TaskFileDialog</name>
    <message>
        <source>Tasks (*.json)</source>
        <translation>任务 (*.json)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Export the task</source>
        <translation>导出任务</translation>
    </message>
    <message>
        <source>Import a task</source>
        <translation>导入任务</translation>
    </message>
</context>
<context>
    <name>TaskGallery</name>
    <message>
        <source>No task fits “{text}”.</source>
        <translation>没有任务符合“{text}”。</translation>
    </message>
    <message>
        <source>Search tasks</source>
        <translation>搜索任务</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入……</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>新任务</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
</context>
<context>
    <name>TaskOptions</name>
    <message>
        <source>Think first</source>
        <translation>先思考</translation>
    </message>
    <message>
        <source>The steps are asked for, and folded apart from the answer.</source>
        <translation>让它写出步骤，与回答分开折叠。</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答数</translation>
    </message>
    <message>
        <source>Side by side, each with its own seed.</source>
        <translation>并排，种子各不同。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Low is sober, high is bold.</source>
        <translation>低则稳，高则放。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Empty means a new one each time.</source>
        <translation>留空则每次不同。</translation>
    </message>
    <message>
        <source>Longest answer</source>
        <translation>最长回答</translation>
    </message>
    <message>
        <source>In tokens.</source>
        <translation>以 token 计。</translation>
    </message>
    <message>
        <source>greedy</source>
        <translation>贪心</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>More settings</source>
        <translation>更多设置</translation>
    </message>
</context>
<context>
    <name>TaskView</name>
    <message>
        <source>A reply is being written in a conversation. This begins when it is done.</source>
        <translation>有个对话正在回复，等它写完就开始。</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>正在加载模型……</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读……</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Show the prompt</source>
        <translation>查看提示词</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>TasksController</name>
    <message>
        <source>{name} (copy)</source>
        <translation>{name}（副本）</translation>
    </message>
    <message>
        <source>“{name}” is as it was at first.</source>
        <translation>“{name}”恢复了原样。</translation>
    </message>
    <message>
        <source>“{name}” is deleted.</source>
        <translation>“{name}”已删除。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>The example is deleted.</source>
        <translation>示例已删除。</translation>
    </message>
    <message>
        <source>Imported task</source>
        <translation>导入的任务</translation>
    </message>
    <message>
        <source>Exported as {name}.</source>
        <translation>已导出为 {name}。</translation>
    </message>
    <message>
        <source>Fill in “{name}” first.</source>
        <translation>请先填“{name}”。</translation>
    </message>
    <message>
        <source>There is no model yet. Get one first.</source>
        <translation>还没有模型，先去找一个。</translation>
    </message>
    <message>
        <source>To the models</source>
        <translation>去看模型</translation>
    </message>
    <message>
        <source>That conversation was deleted. Keep the answer again, and there is another one.</source>
        <translation>那个对话已经删除。再保留一次这个回答，就会另建一个。</translation>
    </message>
</context>
<context>
    <name>TasksPage</name>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Save as my own</source>
        <translation>另存为我的任务</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出……</translation>
    </message>
    <message>
        <source>Back to the original</source>
        <translation>恢复原样</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>新任务</translation>
    </message>
    <message>
        <source>Edit “{name}”</source>
        <translation>编辑“{name}”</translation>
    </message>
    <message>
        <source>mine</source>
        <translation>我的</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>改过</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
</context>
<context>
    <name>TrainingDialog</name>
    <message>
        <source>Export ratings</source>
        <translation>导出评价</translation>
    </message>
    <message>
        <source>JSON lines (*.jsonl)</source>
        <translation>JSON 行 (*.jsonl)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>What you rated becomes training data: one JSON object a line, as the TRL library reads it. Nothing leaves this computer.</source>
        <translation>你的评价会成为训练数据：每行一个 JSON 对象，可由 TRL 库读取。内容不会离开这台电脑。</translation>
    </message>
    <message>
        <source>There are {good} good replies, {bad} bad ones and {ranked} that you put in order.</source>
        <translation>共有 {good} 条好的回复、{bad} 条不好的回复，{ranked} 条排过顺序。</translation>
    </message>
    <message>
        <source>Preferences (DPO)</source>
        <translation>偏好（DPO）</translation>
    </message>
    <message>
        <source>Each better alternative beside each worse one, by your thumbs and by your order.</source>
        <translation>每个较好的候选与较差的候选成对，依据你的点赞、点踩和排序。</translation>
    </message>
    <message>
        <source>Single judgements (KTO)</source>
        <translation>单条评判（KTO）</translation>
    </message>
    <message>
        <source>Each reply that has a thumb, with what you thought of it.</source>
        <translation>每条点过赞或踩的回复，连同你的评判。</translation>
    </message>
    <message>
        <source>Examples (SFT)</source>
        <translation>示例（SFT）</translation>
    </message>
    <message>
        <source>Whole conversations up to a reply that you called good or put first.</source>
        <translation>完整的对话，直到你称好或排在第一的回复为止。</translation>
    </message>
    <message>
        <source>Leave out greetings before the first question</source>
        <translation>不含首个问题之前的开场白</translation>
    </message>
    <message>
        <source>For models such as Gemma and Mistral, which want a question first and turns that alternate. Instructions between the turns are then given as words of the user.</source>
        <translation>适用于 Gemma、Mistral 等要求先有提问且轮次交替的模型。轮次之间的指令会改作用户的话。</translation>
    </message>
    <message>
        <source>Choose a file …</source>
        <translation>选择文件……</translation>
    </message>
</context>
<context>
    <name>TranscriptView</name>
    <message>
        <source>The model&apos;s memory begins here</source>
        <translation>模型的记忆从这里开始</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copy link</source>
        <translation>复制链接</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy as plain text</source>
        <translation>复制为纯文本</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>A reply is being written in this conversation.</source>
        <translation>这个对话里正在写一条回复。</translation>
    </message>
    <message>
        <source>Rank the alternatives …</source>
        <translation>给各个候选排序……</translation>
    </message>
    <message>
        <source>Note on the rating …</source>
        <translation>评价的备注……</translation>
    </message>
    <message>
        <source>Show what was sent</source>
        <translation>查看实际发送的内容</translation>
    </message>
</context>
<context>
    <name>TurnEditor</name>
    <message>
        <source>Enter accepts, Shift+Enter breaks the line, Esc leaves</source>
        <translation>回车确认，Shift+回车换行，Esc 放弃</translation>
    </message>
    <message>
        <source>A reply is being written; this can be sent once it has ended</source>
        <translation>正在写一条回复，写完后即可发送</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Send again</source>
        <translation>重新发送</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Edit this message</source>
        <translation>修改这条消息</translation>
    </message>
</context>
<context>
    <name>TypeTable</name>
    <message>
        <source>fits</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>tight</source>
        <translation>勉强</translation>
    </message>
    <message>
        <source>too large</source>
        <translation>太大</translation>
    </message>
    <message>
        <source>Show only the common types</source>
        <translation>只显示常用类型</translation>
    </message>
    <message>
        <source>Show all types</source>
        <translation>显示全部类型</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Memory with a context of</source>
        <translation>各上下文长度所需内存</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Loss is how much perplexity grows over F16, as published for models of several billion parameters.</source>
        <translation>损失指困惑度相对 F16 的增长，数据来自公开发表的数十亿参数模型的测试。</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>file {size}</source>
        <translation>文件 {size}</translation>
    </message>
    <message>
        <source>{memory} of memory with {context} tokens</source>
        <translation>{context} 词元时需要内存 {memory}</translation>
    </message>
    <message>
        <source>loss {loss}</source>
        <translation>损失 {loss}</translation>
    </message>
</context>
<context>
    <name>VariantItem</name>
    <message>
        <source>size not known</source>
        <translation>大小未知</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Chat with it</source>
        <translation>与它对话</translation>
    </message>
    <message>
        <source>Show downloads</source>
        <translation>查看下载</translation>
    </message>
</context>
<context>
    <name>VariantTable</name>
    <message>
        <source>Show only the common ones</source>
        <translation>只看常用的</translation>
    </message>
    <message>
        <source>Show all {count}</source>
        <translation>查看全部 {count} 个</translation>
    </message>
</context>
<context>
    <name>WindowController</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>The model of this conversation, {name}, is not there any more.</source>
        <translation>此对话的模型 {name} 已经不在了。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Choose who answers</source>
        <translation>选择谁来回答</translation>
    </message>
    <message>
        <source>Use {name}</source>
        <translation>使用 {name}</translation>
    </message>
    <message>
        <source>Choose a model first</source>
        <translation>请先选择模型</translation>
    </message>
    <message>
        <source>{device}: {layers} layers, {memory}</source>
        <translation>{device}：{layers} 层，{memory}</translation>
    </message>
    <message>
        <source>{threads} threads</source>
        <translation>{threads} 个线程</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
    <message>
        <source>Something went wrong ({detail}). The log has more.</source>
        <translation>出错了（{detail}）。日志里有更多信息。</translation>
    </message>
</context>
<context>
    <name>Zhiyin</name>
    <message>
        <source>Opening your conversations…</source>
        <translation>正在打开对话……</translation>
    </message>
    <message>
        <source>Something went wrong in Zhiyin ({detail}). Your conversations are safe; the log has more.</source>
        <translation>知音出错了（{detail}）。你的对话都安全；日志里有更多信息。</translation>
    </message>
    <message>
        <source>Open the log</source>
        <translation>打开日志</translation>
    </message>
    <message>
        <source>Your conversations lie on a network folder ({detail}), which can damage a database. Choose a local one with --data-dir.</source>
        <translation>你的对话存放在网络文件夹（{detail}）中，这可能损坏数据库。请用 --data-dir 选择本机的文件夹。</translation>
    </message>
    <message>
        <source>Your conversations lie in a folder synchronised by {detail}, which can damage a database. Choose another with --data-dir.</source>
        <translation>你的对话存放在由 {detail} 同步的文件夹中，这可能损坏数据库。请用 --data-dir 另选一个。</translation>
    </message>
</context>
<context>
    <name>_AdapterRow</name>
    <message>
        <source>Weight of {name}</source>
        <translation>{name} 的权重</translation>
    </message>
    <message>
        <source>How strongly it is merged; 1 is as it was trained</source>
        <translation>合并的强度；1 与训练时相同</translation>
    </message>
    <message>
        <source>Take out {name}</source>
        <translation>移除 {name}</translation>
    </message>
</context>
<context>
    <name>_BookList</name>
    <message>
        <source>Take {name} out of this conversation</source>
        <translation>从此对话中去掉{name}</translation>
    </message>
</context>
<context>
    <name>_CardPainter</name>
    <message>
        <source>mine</source>
        <translation>我的</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>改过</translation>
    </message>
</context>
<context>
    <name>_Content</name>
    <message>
        <source>No system prompt</source>
        <translation>没有系统提示词</translation>
    </message>
    <message>
        <source>This conversation</source>
        <translation>此次对话</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Samplers</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Use the default</source>
        <translation>恢复默认</translation>
    </message>
</context>
<context>
    <name>_Delegate</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
</context>
<context>
    <name>_Foot</name>
    <message>
        <source>Chosen: {count}</source>
        <translation>已选 {count} 个</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Chat as a group</source>
        <translation>一起聊</translation>
    </message>
    <message>
        <source>Add to this conversation</source>
        <translation>加入当前对话</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>加入</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
</context>
<context>
    <name>_FoundStrip</name>
    <message>
        <source>Found on this computer: 1 model of {apps}</source>
        <translation>在这台电脑上找到 {apps} 的 1 个模型</translation>
    </message>
    <message>
        <source>Found on this computer: {count} models of {apps}</source>
        <translation>在这台电脑上找到 {apps} 的 {count} 个模型</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Use all</source>
        <translation>全部使用</translation>
    </message>
</context>
<context>
    <name>_KeptBar</name>
    <message>
        <source>Kept as a conversation.</source>
        <translation>已留作一个对话。</translation>
    </message>
    <message>
        <source>Show the conversation</source>
        <translation>打开对话</translation>
    </message>
</context>
<context>
    <name>_ListedText</name>
    <message>
        <source>Move up: {name}</source>
        <translation>上移：{name}</translation>
    </message>
    <message>
        <source>Move down: {name}</source>
        <translation>下移：{name}</translation>
    </message>
    <message>
        <source>Remove: {name}</source>
        <translation>移除：{name}</translation>
    </message>
</context>
<context>
    <name>_ManyCards</name>
    <message>
        <source>Looking for cards…</source>
        <translation>正在查找角色卡……</translation>
    </message>
    <message>
        <source>{done} of {total} files read</source>
        <translation>已读 {done} / {total} 个文件</translation>
    </message>
    <message>
        <source>Personas taken in: {count}.</source>
        <translation>已导入角色：{count} 个。</translation>
    </message>
    <message>
        <source>Already here: {count}.</source>
        <translation>原来就有：{count} 个。</translation>
    </message>
    <message>
        <source>Lorebooks: {count}.</source>
        <translation>世界书：{count} 本。</translation>
    </message>
    <message>
        <source>Cancelled; what was taken in stays.</source>
        <translation>已取消；已经导入的保留。</translation>
    </message>
    <message>
        <source>Refused: {count}</source>
        <translation>未能导入：{count} 个</translation>
    </message>
</context>
<context>
    <name>_Message</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>_Nothing</name>
    <message>
        <source>Look for models</source>
        <translation>寻找模型</translation>
    </message>
    <message>
        <source>No model fits “{text}”.</source>
        <translation>没有符合“{text}”的模型。</translation>
    </message>
    <message>
        <source>No models yet. Drop a GGUF file anywhere on this window, open one, or look for one in Discover.</source>
        <translation>还没有模型。把 GGUF 文件拖到窗口的任何位置，打开一个，或到“发现”里寻找。</translation>
    </message>
    <message>
        <source>A lorebook is knowledge about a world: places, people, rules. What the conversation touches on is told to the model. A lorebook that stands here can be used in any conversation, with any persona.</source>
        <translation>世界书记着一个世界的事：地方、人物、规矩。对话提到什么，就把什么告诉模型。放在这里的世界书，任何对话、任何角色都可以用。</translation>
    </message>
    <message>
        <source>New lorebook</source>
        <translation>新世界书</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入……</translation>
    </message>
    <message>
        <source>No persona fits “{text}”.</source>
        <translation>没有与“{text}”相符的角色。</translation>
    </message>
    <message>
        <source>No personas yet. Make one, or drop character cards anywhere on this window.</source>
        <translation>还没有角色。新建一个，或者把角色卡拖到窗口任意处。</translation>
    </message>
    <message>
        <source>Fill in what there is to do, then run it. The answers appear here, side by side.</source>
        <translation>填好要做的事，然后运行。回答会并排出现在这里。</translation>
    </message>
</context>
<context>
    <name>_OneCard</name>
    <message>
        <source>Unnamed</source>
        <translation>未命名</translation>
    </message>
    <message>
        <source>version {version}</source>
        <translation>版本 {version}</translation>
    </message>
    <message>
        <source>by {creator}</source>
        <translation>作者：{creator}</translation>
    </message>
    <message>
        <source>First messages</source>
        <translation>开场白</translation>
    </message>
    <message>
        <source>Lore entries</source>
        <translation>世界书条目</translation>
    </message>
    <message>
        <source>Brings along</source>
        <translation>附带</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Creator&apos;s notes</source>
        <translation>作者的话</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>First message</source>
        <translation>开场白</translation>
    </message>
    <message>
        <source>This very card is here already.</source>
        <translation>这张角色卡原来就有。</translation>
    </message>
    <message>
        <source>A persona named “{name}” is here already. Replacing it keeps its conversations.</source>
        <translation>已有一个叫“{name}”的角色。替换后，它的对话都会保留。</translation>
    </message>
</context>
<context>
    <name>_Popup</name>
    <message>
        <source>missing</source>
        <translation>文件不在</translation>
    </message>
    <message>
        <source>Open a GGUF file…</source>
        <translation>打开 GGUF 文件……</translation>
    </message>
    <message>
        <source>Convert a checkpoint…</source>
        <translation>转换检查点……</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>卸载模型</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>_Row</name>
    <message>
        <source>Give this example: {text}</source>
        <translation>给出这个示例：{text}</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
</context>
</TS>
